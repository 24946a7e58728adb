package belle.proto;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UserCacheTest {
    @Test
    void theMostParticularVariableWins() {
        var all = Map.of("BELLE_CACHE", "/own", "XDG_CACHE_HOME", "/caches", "HOME", "/home/me");
        assertThat(UserCache.directory(all, "?")).isEqualTo(Path.of("/own"));
        var xdg = Map.of("XDG_CACHE_HOME", "/caches", "HOME", "/home/me");
        assertThat(UserCache.directory(xdg, "?")).isEqualTo(Path.of("/caches/belle"));
    }

    @Test
    void theHomeOfTheEnvironmentGoesBeforeTheAccounts() {
        assertThat(UserCache.directory(Map.of("HOME", "/home/me"), "?")).isEqualTo(Path.of("/home/me/.cache/belle"));
        assertThat(UserCache.directory(Map.of(), "/home/account")).isEqualTo(Path.of("/home/account/.cache/belle"));
    }
}
