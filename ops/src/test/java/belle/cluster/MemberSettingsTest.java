package belle.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import belle.cluster.ClusterConfig.Discovery;
import belle.proto.FailureException;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.List;
import org.apache.pekko.discovery.ServiceDiscovery;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MemberSettingsTest {
    @ParameterizedTest
    @EnumSource(Discovery.class)
    void everyWayOfDiscoveryResolvesToAClassThatIsThere(Discovery discovery) throws Exception {
        Config config = settings("belle.cluster { discovery = " + ClusterConfig.name(discovery) + ", service = chat }");
        if (discovery == Discovery.SEEDS) {
            assertThat(config.getString("pekko.management.http.routes.cluster-bootstrap"))
                    .isEmpty();
            return;
        }
        String method = config.getString("pekko.discovery.method");
        assertThat(Class.forName(config.getString("pekko.discovery." + method + ".class")))
                .isAssignableTo(ServiceDiscovery.class);
        assertThat(config.getString("pekko.management.cluster.bootstrap.contact-point-discovery.service-name"))
                .isEqualTo("chat");
    }

    @Test
    void otherMachinesNeedTlsOrAWord() {
        assertThatThrownBy(() -> settings("belle.cluster.host = 0.0.0.0"))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("--insecure");
        assertThat(settings("belle.cluster { host = 0.0.0.0, insecure = on }")
                        .getString("pekko.remote.artery.canonical.hostname"))
                .isEqualTo("0.0.0.0");
    }

    @Test
    void aMissingKeyIsNamed(@TempDir Path folder) {
        assertThatThrownBy(() -> settings("belle.cluster.tls.directory = \"" + folder + "\""))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("tls.");
    }

    @Test
    void wrongValuesAreNamedWithTheRightOnes() {
        assertThatThrownBy(() -> settings("belle.cluster.profile = slow"))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("default, fast");
        assertThatThrownBy(() -> settings("belle.cluster.port = many"))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("port");
    }

    @Test
    void theFastProfileNoticesACrashSooner() {
        String key = "pekko.cluster.split-brain-resolver.stable-after";
        assertThat(settings("belle.cluster.profile = fast").getDuration(key))
                .isLessThan(settings("").getDuration(key));
        assertThat(settings("belle.cluster.profile = fast, " + key + " = 9 s").getDuration(key))
                .hasSeconds(9);
    }

    @Test
    void aListMayBeATextWithCommas() {
        assertThat(ClusterConfig.of(settings("belle.cluster.seeds = \"a:1, b:2\""))
                        .seeds())
                .isEqualTo(List.of("a:1", "b:2"));
    }

    private static Config settings(String own) {
        return MemberSettings.of(ConfigFactory.parseString(own), "gateway", "1");
    }
}
