package belle.cli;

import belle.proto.Tokens;
import java.util.Arrays;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads token ids as people write them: {@code 1,2,3}. */
final class IdList implements ITypeConverter<Tokens> {
    @Override
    public Tokens convert(String text) {
        try {
            return Tokens.of(Arrays.stream(text.strip().split("[,\\s]+", -1))
                    .mapToInt(Integer::parseInt)
                    .toArray());
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is not a list of token ids such as 1,2,3");
        }
    }
}
