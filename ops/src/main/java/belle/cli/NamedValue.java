package belle.cli;

import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Values that the command line knows by what their {@code toString} says, such as {@code near-duplicate}. */
final class NamedValue<E extends Enum<E>> implements ITypeConverter<E> {
    private final E[] values;

    NamedValue(E[] values) {
        this.values = values.clone();
    }

    @Override
    public E convert(String text) {
        return Arrays.stream(values)
                .filter(value -> value.toString().equals(text))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException("'" + text + "' is none of "
                        + Arrays.stream(values).map(Enum::toString).collect(Collectors.joining(", "))));
    }
}
