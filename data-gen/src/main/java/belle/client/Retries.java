package belle.client;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How often a question is asked, and how long between.
 *
 * @param tries at least 1
 * @param first pause behind the first try; doubled for each one after
 * @param most no pause is longer, not even one that the server asks for
 */
public record Retries(int tries, Duration first, Duration most) {
    /** The pause behind try number {@code tried}, from 1: between half and the whole of the doubled one. */
    Duration pause(int tried, RandomGenerator random) {
        double doubled = (double) first.toMillis() * Math.pow(2, Math.min(tried - 1, 30));
        double millis = Math.min(doubled, (double) most.toMillis()) * (0.5 + random.nextDouble() / 2);
        return Duration.ofMillis(Math.round(millis));
    }

    /** The pause that a server asks for by {@code Retry-After} (RFC 9110, 10.2.3): seconds, or a date. */
    Optional<Duration> asked(Optional<String> retryAfter, Instant now) {
        return retryAfter
                .flatMap(text -> parse(text.strip(), now))
                .map(pause -> pause.compareTo(most) > 0 ? most : pause);
    }

    private static Optional<Duration> parse(String text, Instant now) {
        try {
            return Optional.of(Duration.ofSeconds(Math.max(Long.parseLong(text), 0)));
        } catch (NumberFormatException notSeconds) {
            try {
                Instant at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                        .toInstant();
                return Optional.of(at.isAfter(now) ? Duration.between(now, at) : Duration.ZERO);
            } catch (DateTimeException notDate) {
                return Optional.empty();
            }
        }
    }
}
