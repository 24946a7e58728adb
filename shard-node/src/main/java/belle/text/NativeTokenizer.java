package belle.text;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import belle.proto.Check;
import belle.proto.Failure;
import belle.proto.FailureException;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * One tokenizer in native memory. Any number of threads encode at once; {@link #close} waits for them.
 *
 * <p>Goes straight to the native methods: all that is wanted of an encoding is its ids, where the library's own class
 * also copies masks, offsets and strings for every token.
 */
final class NativeTokenizer implements AutoCloseable {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private long handle;

    private NativeTokenizer(long handle) {
        this.handle = handle;
    }

    /** Builds a tokenizer from the text of a tokenizer.json; {@code file} is named in the failure. */
    static NativeTokenizer create(String json, String file) {
        NativeLibrary.load();
        try {
            return new NativeTokenizer(TokenizersLibrary.LIB.createTokenizerFromString(json));
        } catch (RuntimeException e) {
            throw new FailureException(new Failure.Broken(file, "tokenizer", String.valueOf(e.getMessage())), e);
        }
    }

    /** Returns the ids of {@code text}; with {@code specials}, what the post-processor puts around them as well. */
    int[] encode(String text, boolean specials) {
        lock.readLock().lock();
        try {
            Check.that(handle != 0, "the tokenizer is closed");
            long encoding = TokenizersLibrary.LIB.encode(handle, text, specials);
            try {
                long[] ids = TokenizersLibrary.LIB.getTokenIds(encoding);
                int[] narrow = new int[ids.length];
                for (int i = 0; i < ids.length; i++) {
                    narrow[i] = Math.toIntExact(ids[i]);
                }
                return narrow;
            } finally {
                TokenizersLibrary.LIB.deleteEncoding(encoding);
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (handle != 0) {
                TokenizersLibrary.LIB.deleteTokenizer(handle);
                handle = 0;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }
}
