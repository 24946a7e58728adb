package belle.export.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * Writes zip files entry by entry with whatever an entry's header is to claim; with zip64 fields throughout if asked
 * for, as files beyond 4 GiB need them.
 */
final class ZipBytes {
    private static final int ALL_ONES = 0xffffffff;

    private final boolean zip64;
    private final ByteArrayOutputStream entries = new ByteArrayOutputStream();
    private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
    private int count;

    ZipBytes(boolean zip64) {
        this.zip64 = zip64;
    }

    ZipBytes add(String name, byte[] content) {
        return add(name, content, 0, 0, content.length);
    }

    ZipBytes add(String name, String content) {
        return add(name, content.getBytes(StandardCharsets.UTF_8));
    }

    /** An entry whose headers claim this compression method, these flags and this uncompressed size. */
    ZipBytes add(String name, byte[] content, int method, int flags, long claimedBytes) {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        CRC32 crc = new CRC32();
        crc.update(content);
        int at = entries.size();
        entries.writeBytes(little(30)
                .putInt(0x04034b50)
                .putShort((short) 45)
                .putShort((short) flags)
                .putShort((short) method)
                .putInt(0)
                .putInt((int) crc.getValue())
                .putInt(content.length)
                .putInt((int) claimedBytes)
                .putShort((short) path.length)
                .array());
        entries.writeBytes(path);
        entries.writeBytes(content);
        byte[] extra = zip64
                ? little(28)
                        .putShort((short) 1)
                        .putShort((short) 24)
                        .putLong(claimedBytes)
                        .putLong(content.length)
                        .putLong(at)
                        .array()
                : new byte[0];
        directory.writeBytes(little(46)
                .putInt(0x02014b50)
                .putInt(45)
                .putShort((short) flags)
                .putShort((short) method)
                .putInt(0)
                .putInt((int) crc.getValue())
                .putInt(zip64 ? ALL_ONES : content.length)
                .putInt(zip64 ? ALL_ONES : (int) claimedBytes)
                .putShort((short) path.length)
                .putShort((short) extra.length)
                .putInt(42, zip64 ? ALL_ONES : at)
                .array());
        directory.writeBytes(path);
        directory.writeBytes(extra);
        count++;
        return this;
    }

    byte[] end() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(entries.toByteArray());
        all.writeBytes(directory.toByteArray());
        if (zip64) {
            all.writeBytes(little(76)
                    .putInt(0x06064b50)
                    .putLong(44)
                    .putInt(45)
                    .putLong(0)
                    .putInt(0)
                    .putLong(24, count)
                    .putLong(32, count)
                    .putLong(40, directory.size())
                    .putLong(48, entries.size())
                    .putInt(56, 0x07064b50)
                    .putLong(64, entries.size() + directory.size())
                    .putInt(72, 1)
                    .array());
        }
        all.writeBytes(little(22)
                .putInt(0x06054b50)
                .putInt(0)
                .putShort((short) count)
                .putShort((short) count)
                .putInt(zip64 ? ALL_ONES : directory.size())
                .putInt(zip64 ? ALL_ONES : entries.size())
                .array());
        return all.toByteArray();
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
