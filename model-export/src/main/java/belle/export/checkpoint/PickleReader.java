package belle.export.checkpoint;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the part of Python's pickle language (protocols 2 to 4) that state dicts are written in. It builds
 * {@link Pickled} values and runs nothing: names outside {@link TorchGlobals} and opcodes outside this file are refused.
 * Work and memory are bounded by the pickle's length and the limits below.
 */
final class PickleReader {
    private static final int MOST_OPCODES = 4 << 20;
    private static final int MOST_MEMO = 1 << 20;
    private static final int MOST_MARKS = 1000;
    private static final int MOST_NAME_CHARACTERS = 200;
    private static final int MOST_PROTOCOL = 4;

    private final Path path;
    private final String field;
    private final ByteBuffer code;
    private final Map<Integer, Pickled> memo = new HashMap<>();
    private final Deque<List<Pickled>> marked = new ArrayDeque<>();
    private List<Pickled> stack = new ArrayList<>();

    private PickleReader(Path path, String field, byte[] pickle) {
        this.path = path;
        this.field = field;
        this.code = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Returns the one value of {@code pickle}, which stands in {@code path} under the name {@code field}. */
    static Pickled read(Path path, String field, byte[] pickle) {
        PickleReader reader = new PickleReader(path, field, pickle);
        for (int opcodes = 0; ; opcodes++) {
            if (opcodes == MOST_OPCODES) {
                throw reader.refused("more than %d opcodes", MOST_OPCODES);
            }
            int opcode = reader.unsigned(1);
            if (opcode == '.') {
                return reader.pop();
            }
            reader.run(opcode);
        }
    }

    private void run(int opcode) {
        switch (opcode) {
            case 0x80 -> checkProtocol(unsigned(1));
            case 0x95 -> take(Long.BYTES); // FRAME: only a hint for buffering
            case '(' -> mark();
            case 'N' -> push(new Pickled.None());
            case 0x88 -> push(new Pickled.Bool(true));
            case 0x89 -> push(new Pickled.Bool(false));
            case 'K', 'M', 'J', 0x8a -> push(new Pickled.Int(integer(opcode)));
            case 'G' ->
                push(new Pickled.Real(take(8).order(ByteOrder.BIG_ENDIAN).getDouble()));
            case 0x8c, 'X', 0x8d -> push(text(opcode));
            case ')' -> push(new Pickled.Tuple(List.of()));
            case 0x85 -> push(new Pickled.Tuple(pop(1)));
            case 0x86 -> push(new Pickled.Tuple(pop(2)));
            case 0x87 -> push(new Pickled.Tuple(pop(3)));
            case 't' -> push(new Pickled.Tuple(popMark()));
            case ']' -> push(new Pickled.Sequence());
            case 'a' -> append(pop(1));
            case 'e' -> append(popMark());
            case '}' -> push(new Pickled.Dict());
            case 's' -> put(pop(2));
            case 'u' -> put(popMark());
            case 'q', 'r', 0x94 -> memoize(opcode);
            case 'h' -> push(recall(unsigned(1)));
            case 'j' -> push(recall(unsigned(4)));
            case 'c', 'i', 0x93 -> push(global(opcode));
            case 'Q' -> push(persistent(pop()));
            case 'R' -> push(call(pop(2)));
            case 'b' -> build(pop());
            default ->
                throw refused("opcode 0x%02x at byte %d is not part of a state dict", opcode, code.position() - 1);
        }
    }

    private void checkProtocol(int protocol) {
        if (protocol > MOST_PROTOCOL) {
            throw refused("pickle protocol %d, the highest known is %d", protocol, MOST_PROTOCOL);
        }
    }

    private long integer(int opcode) {
        return switch (opcode) {
            case 'K' -> unsigned(1);
            case 'M' -> unsigned(2);
            case 'J' -> take(4).getInt();
            default -> longInteger(unsigned(1));
        };
    }

    /** LONG1: little-endian two's complement of any length; sizes and offsets fit eight bytes. */
    private long longInteger(int bytes) {
        if (bytes > Long.BYTES) {
            throw refused("an integer of %d bytes, the limit is %d", bytes, Long.BYTES);
        }
        ByteBuffer digits = take(bytes);
        long value = bytes == 0 ? 0 : digits.get(bytes - 1) >> 7;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | Byte.toUnsignedLong(digits.get(i));
        }
        return value;
    }

    private Pickled.Text text(int opcode) {
        int bytes = opcode == 0x8c ? unsigned(1) : unsigned(4);
        if (opcode == 0x8d && unsigned(4) != 0) {
            throw refused("a text of more than 2^32 bytes");
        }
        return new Pickled.Text(StandardCharsets.UTF_8.decode(take(bytes)).toString());
    }

    private Pickled.Global global(int opcode) {
        String name;
        if (opcode == 0x93) {
            List<Pickled> parts = pop(2);
            if (!(parts.get(0) instanceof Pickled.Text(var module)
                    && parts.get(1) instanceof Pickled.Text(var member))) {
                throw refused("a name that is not text");
            }
            name = module + "." + member;
        } else {
            name = line() + "." + line();
        }
        if (!TorchGlobals.knows(name)) {
            throw refused("asks for %s, which no state dict needs; nothing was run", name);
        }
        return new Pickled.Global(name);
    }

    private Pickled.Storage persistent(Pickled id) {
        return TorchGlobals.storage(id)
                .orElseThrow(() -> refused("a persistent id at byte %d that is not a storage", code.position() - 1));
    }

    private Pickled call(List<Pickled> callableAndArgs) {
        Pickled callable = callableAndArgs.get(0);
        List<Pickled> args = callableAndArgs.get(1) instanceof Pickled.Tuple(var items) ? items : List.of();
        String name = callable instanceof Pickled.Global(var known) ? known : "a " + callable.kind();
        return TorchGlobals.call(callable, args)
                .orElseThrow(
                        () -> refused("calls %s at byte %d in a way that torch does not", name, code.position() - 1));
    }

    /** A state dict carries its modules' versions as an attribute; nothing here depends on them. */
    private void build(Pickled state) {
        if (!(peek() instanceof Pickled.Dict && state instanceof Pickled.Dict)) {
            throw refused("sets attributes of a %s", peek().kind());
        }
    }

    private void append(List<Pickled> values) {
        if (!(peek() instanceof Pickled.Sequence list)) {
            throw refused("appends to a %s", peek().kind());
        }
        list.items.addAll(values);
    }

    private void put(List<Pickled> keysAndValues) {
        if (!(peek() instanceof Pickled.Dict dict) || keysAndValues.size() % 2 != 0) {
            throw refused("puts %d keys and values into a %s", keysAndValues.size(), peek().kind());
        }
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            Pickled key = keysAndValues.get(i);
            if (!(key instanceof Pickled.Text) && !(key instanceof Pickled.Int)) {
                throw refused("a %s as a key", key.kind());
            }
            if (dict.items.put(key, keysAndValues.get(i + 1)) != null) {
                throw refused("key %s is there twice", key instanceof Pickled.Text(var name) ? name : key);
            }
        }
    }

    private void memoize(int opcode) {
        int index = switch (opcode) {
            case 'q' -> unsigned(1);
            case 'r' -> unsigned(4);
            default -> memo.size();
        };
        memo.put(index, peek());
        if (memo.size() > MOST_MEMO) {
            throw refused("more than %d remembered values", MOST_MEMO);
        }
    }

    private Pickled recall(int index) {
        Pickled value = memo.get(index);
        if (value == null) {
            throw refused("recalls value %d, which was never remembered", index);
        }
        return value;
    }

    private void mark() {
        if (marked.size() == MOST_MARKS) {
            throw refused("more than %d open marks", MOST_MARKS);
        }
        marked.push(stack);
        stack = new ArrayList<>();
    }

    private List<Pickled> popMark() {
        List<Pickled> items = stack;
        if (marked.isEmpty()) {
            throw refused("closes a mark at byte %d that is not open", code.position() - 1);
        }
        stack = marked.pop();
        return items;
    }

    private void push(Pickled value) {
        stack.add(value);
    }

    private Pickled peek() {
        needValues(1);
        return stack.getLast();
    }

    private Pickled pop() {
        return pop(1).getFirst();
    }

    private List<Pickled> pop(int count) {
        needValues(count);
        List<Pickled> top = stack.subList(stack.size() - count, stack.size());
        List<Pickled> values = List.copyOf(top);
        top.clear();
        return values;
    }

    private void needValues(int count) {
        if (stack.size() < count) {
            throw refused("needs %d values at byte %d, has %d", count, code.position() - 1, stack.size());
        }
    }

    /** An unsigned little-endian number that fits an int. */
    private int unsigned(int bytes) {
        ByteBuffer digits = take(bytes);
        return switch (bytes) {
            case 1 -> Byte.toUnsignedInt(digits.get());
            case 2 -> Short.toUnsignedInt(digits.getShort());
            default -> {
                int value = digits.getInt();
                if (value < 0) {
                    throw refused("a count of %s", Integer.toUnsignedString(value));
                }
                yield value;
            }
        };
    }

    private String line() {
        StringBuilder line = new StringBuilder();
        for (int next = unsigned(1); next != '\n'; next = unsigned(1)) {
            if (line.length() == MOST_NAME_CHARACTERS) {
                throw refused("a name of more than %d characters", MOST_NAME_CHARACTERS);
            }
            line.append((char) next);
        }
        return line.toString();
    }

    private ByteBuffer take(int bytes) {
        if (bytes > code.remaining()) {
            throw refused("cut: %d bytes are needed at byte %d of %d", bytes, code.position(), code.limit());
        }
        ByteBuffer taken = code.slice(code.position(), bytes).order(ByteOrder.LITTLE_ENDIAN);
        code.position(code.position() + bytes);
        return taken;
    }

    @FormatMethod
    private RuntimeException refused(@FormatString String format, Object... args) {
        return Refusal.of(path, field, format, args);
    }
}
