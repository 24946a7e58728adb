package belle.cluster;

import org.apache.pekko.actor.AbstractExtensionId;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.ExtensionId;
import org.apache.pekko.actor.ExtensionIdProvider;

/** How {@code pekko.management.http.routes} names {@link StatusRoutes}. */
public final class StatusRoutesId extends AbstractExtensionId<StatusRoutes> implements ExtensionIdProvider {
    @Override
    public ExtensionId<StatusRoutes> lookup() {
        return this;
    }

    @Override
    public StatusRoutes createExtension(ExtendedActorSystem system) {
        return new StatusRoutes(system);
    }
}
