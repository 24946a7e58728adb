/** The {@code belle} command: {@link Main} and one small class per subcommand. The only package that prints. */
@NullMarked
package belle.cli;

import org.jspecify.annotations.NullMarked;
