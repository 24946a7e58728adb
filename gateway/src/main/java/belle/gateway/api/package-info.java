/** The HTTP contract without HTTP: requests, answers, names and the OpenAPI document. Pure. */
@NullMarked
package belle.gateway.api;

import org.jspecify.annotations.NullMarked;
