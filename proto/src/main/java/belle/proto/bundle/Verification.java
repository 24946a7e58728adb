package belle.proto.bundle;

/** How much of a bundle is hashed when it is opened. Its structure is checked always. */
public enum Verification {
    /** Every byte of every file. */
    EVERYTHING,
    /** Every byte, but weights that this user's stamp says were verified and have not changed since are not read. */
    UNLESS_STAMPED,
    /** Nothing: for looking at a bundle, never for serving it. */
    STRUCTURE_ONLY
}
