/** Asks any server that speaks OpenAI's HTTP interface: bounded concurrency, retries, a budget. */
@NullMarked
package belle.client;

import org.jspecify.annotations.NullMarked;
