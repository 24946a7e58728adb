package belle.gateway.work;

import belle.gateway.work.Tenants.Identity;
import belle.gateway.work.Tenants.Tenant;
import belle.proto.Failure;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Decides who may ask for what, before anything of a request is read. */
public final class Admission {
    /** Who may call, and when. */
    public enum Access {
        /** Everybody, always. */
        OPEN,
        /** Whoever has a key, where keys are set. */
        KEY,
        /** The same, within the quota, and not while the gateway drains. */
        WORK
    }

    private final Tenants tenants;
    private final BooleanSupplier draining;

    /** @param draining whether the gateway is about to stop */
    public Admission(Tenants tenants, BooleanSupplier draining) {
        this.tenants = tenants;
        this.draining = draining;
    }

    /** Returns who calls; {@code authorization} is the header of that name. */
    public Identity identify(Access access, Optional<String> authorization) {
        return access == Access.OPEN ? tenants.anybody() : tenants.identify(authorization);
    }

    /** Takes what a call needs of the tenant's quota, to be given back by {@link #leave}; or says why not. */
    public Optional<Failure> enter(Access access, Tenant tenant) {
        if (access != Access.WORK) {
            return Optional.empty();
        }
        return draining.getAsBoolean()
                ? Optional.of(new Failure.Unavailable("the server is draining and takes no new work"))
                : tenant.quota().take();
    }

    /** Ends a call that was let in. */
    public void leave(Access access, Tenant tenant) {
        if (access == Access.WORK) {
            tenant.quota().release();
        }
    }
}
