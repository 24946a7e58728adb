package belle.runtime;

import belle.proto.Failure;
import belle.proto.FailureException;
import java.util.BitSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Processors as Linux writes them: {@code 0-7,16}. */
final class CpuList {
    /** Bits of the mask that the kernel is given. */
    static final int LIMIT = 1024;

    private static final Pattern PART = Pattern.compile("(\\d{1,4})(?:-(\\d{1,4}))?");

    private CpuList() {}

    static BitSet parse(String text) {
        BitSet cpus = new BitSet(LIMIT);
        for (String part : text.split(",", -1)) {
            Matcher matcher = PART.matcher(part.strip());
            if (!matcher.matches()) {
                throw wrong(text);
            }
            int first = Integer.parseInt(matcher.group(1));
            int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
            if (last < first || last >= LIMIT) {
                throw wrong(text);
            }
            cpus.set(first, last + 1);
        }
        return cpus;
    }

    private static FailureException wrong(String text) {
        return new FailureException(new Failure.Invalid(
                "belle.node.runtime.rank-cores",
                "belle.node.runtime.rank-cores must be processors below " + LIMIT + " such as 0-7,16, but one is '"
                        + text + "'"));
    }
}
