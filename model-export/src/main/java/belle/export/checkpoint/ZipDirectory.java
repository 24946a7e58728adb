package belle.export.checkpoint;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The central directory of a zip file whose entries are stored uncompressed, as PyTorch writes them; the JDK's own zip
 * reader does not tell where an entry's bytes lie. Knows zip64 (APPNOTE 6.3.10, sections 4.3.7 to 4.3.16, 4.5.3).
 */
final class ZipDirectory {
    private static final int LOCAL_MAGIC = 0x04034b50;
    private static final int CENTRAL_MAGIC = 0x02014b50;
    private static final int END_MAGIC = 0x06054b50;
    private static final int END64_MAGIC = 0x06064b50;
    private static final int LOCATOR64_MAGIC = 0x07064b50;
    private static final int LOCAL_BYTES = 30;
    private static final int CENTRAL_BYTES = 46;
    private static final int END_BYTES = 22;
    private static final int END64_BYTES = 56;
    private static final int LOCATOR64_BYTES = 20;
    private static final int MOST_COMMENT_BYTES = 0xffff;
    private static final int MOST_DIRECTORY_BYTES = 16 << 20;
    private static final int ZIP64_EXTRA = 1;
    private static final int ENCRYPTED = 1;

    private final SourceFile file;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private ZipDirectory(SourceFile file) {
        this.file = file;
    }

    /** Where an entry's bytes lie in the file. */
    record Entry(String name, long offset, long bytes) {}

    /** Where the central directory lies, and how many entries it has. */
    private record End(long offset, long bytes, long count) {}

    /** Returns the entries of {@code file} by name. */
    static Map<String, Entry> read(SourceFile file) {
        ZipDirectory directory = new ZipDirectory(file);
        End end = directory.end();
        if (end.bytes() < 0
                || end.bytes() > MOST_DIRECTORY_BYTES
                || end.offset() < 0
                || end.offset() > file.bytes() - end.bytes()) {
            throw directory.broken(
                    "its directory of %d bytes at byte %d is not inside the file or over the limit %d",
                    end.bytes(), end.offset(), MOST_DIRECTORY_BYTES);
        }
        ByteBuffer central = directory.bytes(end.offset(), (int) end.bytes());
        for (long i = 0; i < end.count(); i++) {
            directory.addEntry(central);
        }
        if (central.hasRemaining()) {
            throw directory.broken("%d bytes follow the %d entries", central.remaining(), end.count());
        }
        return directory.entries;
    }

    private End end() {
        int tailBytes = (int) Math.min(file.bytes(), END_BYTES + MOST_COMMENT_BYTES);
        ByteBuffer tail = bytes(file.bytes() - tailBytes, tailBytes);
        for (int at = tailBytes - END_BYTES; at >= 0; at--) {
            if (tail.getInt(at) == END_MAGIC
                    && Short.toUnsignedInt(tail.getShort(at + 20)) == tailBytes - at - END_BYTES) {
                long count = Short.toUnsignedLong(tail.getShort(at + 10));
                long bytes = Integer.toUnsignedLong(tail.getInt(at + 12));
                long offset = Integer.toUnsignedLong(tail.getInt(at + 16));
                boolean isZip64 = count == 0xffff || bytes == 0xffffffffL || offset == 0xffffffffL;
                return isZip64 ? end64(file.bytes() - tailBytes + at) : new End(offset, bytes, count);
            }
        }
        throw broken("it has no end record: cut file?");
    }

    private End end64(long endAt) {
        if (endAt < LOCATOR64_BYTES) {
            throw broken("it has no zip64 locator");
        }
        ByteBuffer locator = bytes(endAt - LOCATOR64_BYTES, LOCATOR64_BYTES);
        long at = locator.getLong(8);
        if (locator.getInt(0) != LOCATOR64_MAGIC || at < 0 || at > endAt - END64_BYTES) {
            throw broken("its zip64 locator is damaged");
        }
        ByteBuffer end = bytes(at, END64_BYTES);
        if (end.getInt(0) != END64_MAGIC) {
            throw broken("its zip64 end record is damaged");
        }
        return new End(end.getLong(48), end.getLong(40), end.getLong(32));
    }

    private void addEntry(ByteBuffer central) {
        int at = central.position();
        if (central.remaining() < CENTRAL_BYTES || central.getInt(at) != CENTRAL_MAGIC) {
            throw broken("entry %d is damaged", entries.size());
        }
        int nameBytes = Short.toUnsignedInt(central.getShort(at + 28));
        int extraBytes = Short.toUnsignedInt(central.getShort(at + 30));
        int commentBytes = Short.toUnsignedInt(central.getShort(at + 32));
        if (central.remaining() < CENTRAL_BYTES + nameBytes + extraBytes + commentBytes) {
            throw broken("entry %d is cut", entries.size());
        }
        String name = StandardCharsets.UTF_8
                .decode(central.slice(at + CENTRAL_BYTES, nameBytes))
                .toString();
        if ((central.getShort(at + 8) & ENCRYPTED) != 0) {
            throw broken("entry %s is encrypted", name);
        }
        if (central.getShort(at + 10) != 0) {
            throw broken(
                    "entry %s is compressed (method %d); torch stores its entries plain",
                    name, central.getShort(at + 10));
        }
        ByteBuffer extra =
                central.slice(at + CENTRAL_BYTES + nameBytes, extraBytes).order(ByteOrder.LITTLE_ENDIAN);
        Wide wide = new Wide(name, extra);
        long bytes = wide.value(Integer.toUnsignedLong(central.getInt(at + 24)));
        long packedBytes = wide.value(Integer.toUnsignedLong(central.getInt(at + 20)));
        long localAt = wide.value(Integer.toUnsignedLong(central.getInt(at + 42)));
        if (bytes != packedBytes) {
            throw broken("entry %s has two sizes, %d and %d", name, bytes, packedBytes);
        }
        Entry entry = new Entry(name, dataOffset(name, localAt), bytes);
        if (bytes < 0 || entry.offset() > file.bytes() - bytes) {
            throw broken(
                    "entry %s takes %d bytes from byte %d on, the file has %d",
                    name, bytes, entry.offset(), file.bytes());
        }
        if (entries.put(name, entry) != null) {
            throw broken("entry %s is there twice", name);
        }
        central.position(at + CENTRAL_BYTES + nameBytes + extraBytes + commentBytes);
    }

    private long dataOffset(String name, long localAt) {
        if (localAt < 0 || localAt > file.bytes() - LOCAL_BYTES) {
            throw broken("entry %s begins at byte %d, the file has %d", name, localAt, file.bytes());
        }
        ByteBuffer local = bytes(localAt, LOCAL_BYTES);
        int nameBytes = Short.toUnsignedInt(local.getShort(26));
        int extraBytes = Short.toUnsignedInt(local.getShort(28));
        if (local.getInt(0) != LOCAL_MAGIC || localAt + LOCAL_BYTES + nameBytes > file.bytes()) {
            throw broken("entry %s has no header of its own at byte %d", name, localAt);
        }
        String localName = new String(bytes(localAt + LOCAL_BYTES, nameBytes).array(), StandardCharsets.UTF_8);
        if (!localName.equals(name)) {
            throw broken("entry %s is called %s in its own header", name, localName);
        }
        return localAt + LOCAL_BYTES + nameBytes + extraBytes;
    }

    private ByteBuffer bytes(long offset, int count) {
        return ByteBuffer.wrap(file.read(offset, count, "zip")).order(ByteOrder.LITTLE_ENDIAN);
    }

    @FormatMethod
    private RuntimeException broken(@FormatString String format, Object... args) {
        return Refusal.of(file.path(), "zip", format, args);
    }

    /** Takes the 8-byte values that the zip64 extra field gives, in order, for 4-byte fields that are all ones. */
    private final class Wide {
        private final String name;
        private final ByteBuffer values;

        Wide(String name, ByteBuffer extra) {
            this.name = name;
            this.values = find(extra);
        }

        long value(long narrow) {
            if (narrow != 0xffffffffL) {
                return narrow;
            }
            if (values.remaining() < Long.BYTES) {
                throw broken("entry %s lacks its zip64 sizes", name);
            }
            return values.getLong();
        }

        private static ByteBuffer find(ByteBuffer extra) {
            while (extra.remaining() >= 4) {
                int id = Short.toUnsignedInt(extra.getShort());
                int bytes = Math.min(Short.toUnsignedInt(extra.getShort()), extra.remaining());
                if (id == ZIP64_EXTRA) {
                    return extra.slice(extra.position(), bytes).order(ByteOrder.LITTLE_ENDIAN);
                }
                extra.position(extra.position() + bytes);
            }
            return ByteBuffer.allocate(0);
        }
    }
}
