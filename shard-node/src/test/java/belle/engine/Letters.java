package belle.engine;

/** A vocabulary of five ids: a, b, the two parts of 你, and an end token. Whole rows are one id wider. */
final class Letters implements TokenBytes {
    static final int END = 4;
    static final int TOKENS = 5;
    static final int ROW = 6;

    private static final byte[][] BYTES = {{'a'}, {'b'}, {(byte) 0xE4, (byte) 0xBD}, {(byte) 0xA0}, {}};

    @Override
    public byte[] bytes(int id) {
        return id < BYTES.length ? BYTES[id].clone() : new byte[0];
    }

    @Override
    public boolean special(int id) {
        return id >= END;
    }

    @Override
    public int size() {
        return TOKENS;
    }

    @Override
    public boolean stripsFirstSpace() {
        return false;
    }
}
