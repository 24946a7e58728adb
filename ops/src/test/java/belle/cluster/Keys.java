package belle.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A certificate authority of its own, and a member's key and certificate from it, as PEM files. */
final class Keys {
    private static final String PASSWORD = "changeit";

    private Keys() {}

    /** Makes the three files in {@code folder}. */
    static Path make(Path folder) throws IOException, InterruptedException, GeneralSecurityException {
        Path store = Files.createDirectories(folder).resolve("keys.p12");
        keytool(store, "ca", "-dname", "CN=ca", "-ext", "bc:c");
        keytool(store, "member", "-dname", "CN=belle", "-signer", "ca");
        var keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
        pem(
                folder.resolve(MemberSettings.KEY_FILE),
                "PRIVATE KEY",
                keys.getKey("member", PASSWORD.toCharArray()).getEncoded());
        pem(
                folder.resolve(MemberSettings.CERTIFICATE_FILE),
                "CERTIFICATE",
                keys.getCertificate("member").getEncoded());
        pem(
                folder.resolve(MemberSettings.CA_FILE),
                "CERTIFICATE",
                keys.getCertificate("ca").getEncoded());
        return folder;
    }

    private static void keytool(Path store, String alias, String... more) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair"));
        command.addAll(List.of("-alias", alias, "-keyalg", "RSA", "-keysize", "2048", "-keystore", store.toString()));
        command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
        command.addAll(List.of(more));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    private static void pem(Path file, String kind, byte[] der) throws IOException {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        Files.writeString(file, "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n");
    }
}
