package belle.proto;

/** Marks every message that may cross the network; bound to Jackson CBOR in {@code reference.conf}. */
public interface Wire {}
