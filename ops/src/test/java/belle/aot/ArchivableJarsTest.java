package belle.aot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.pekko.japi.function.Creator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ArchivableJarsTest {
    private static final String OLD = "belle.aot.Old";

    @TempDir
    Path folder;

    /** Its lambdas are serialisable: the first because its interface is, the second because the program says so. */
    public static final class Lambdas implements Supplier<List<String>> {
        @Override
        public List<String> get() {
            String word = "a word";
            Creator<String> creator = () -> word;
            var supplier = (Supplier<String> & Serializable) () -> word;
            return List.of(made(creator), supplier.get());
        }

        private static String made(Creator<String> creator) {
            try {
                return creator.create();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Test
    void aLambdaOfAPekkoInterfaceIsAPlainOneAndAnotherStays() throws Exception {
        Path copy = copyOf(Lambdas.class.getName(), bytesOf(Lambdas.class));

        assertThat(metafactories(ClassFile.of().parse(entry(copy, Lambdas.class.getName()))))
                .startsWith("metafactory", "altMetafactory");
        try (URLClassLoader loader = only(copy)) {
            var lambdas = (Supplier<?>)
                    loader.loadClass(Lambdas.class.getName()).getConstructor().newInstance();
            assertThat(lambdas.get()).isEqualTo(List.of("a word", "a word"));
        }
    }

    @Test
    void aClassWithoutStackMapsGetsThem() throws Exception {
        Path copy = copyOf(OLD, old());

        assertThat(ClassFile.of().parse(entry(copy, OLD)).majorVersion()).isEqualTo(ClassFile.JAVA_7_VERSION);
        try (URLClassLoader loader = only(copy)) {
            var sign = loader.loadClass(OLD).getMethod("sign", int.class);
            assertThat(sign.invoke(null, 5)).isEqualTo("not negative");
            assertThat(sign.invoke(null, -5)).isEqualTo("negative");
        }
    }

    @Test
    void allElseIsTheSameBytes() throws Exception {
        String name = TempDir.class.getName();

        assertThat(entry(copyOf(name, bytesOf(TempDir.class)), name)).isEqualTo(bytesOf(TempDir.class));
    }

    @Test
    void aCopyIsMadeAgainOnlyAfterItsJar() throws Exception {
        Path jar = jar(OLD, old());
        Path to = folder.resolve("to");
        Path copy = copy(jar, to);
        FileTime before = FileTime.fromMillis(Files.getLastModifiedTime(jar).toMillis() + 5_000);
        Files.setLastModifiedTime(copy, before);

        copy(jar, to);
        assertThat(Files.getLastModifiedTime(copy)).isEqualTo(before);

        Files.setLastModifiedTime(jar, FileTime.fromMillis(before.toMillis() + 5_000));
        copy(jar, to);
        assertThat(Files.getLastModifiedTime(copy)).isNotEqualTo(before);
        try (var files = Files.list(to)) {
            assertThat(files).containsExactly(copy);
        }
    }

    private Path copyOf(String name, byte[] file) throws IOException {
        return copy(jar(name, file), folder.resolve("to"));
    }

    private static Path copy(Path jar, Path to) throws IOException {
        ArchivableJars.main(new String[] {to.toString(), jar.toString()});
        return to.resolve(jar.getFileName());
    }

    private Path jar(String name, byte[] file) throws IOException {
        Path jar = folder.resolve("a.jar");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new ZipEntry(path(name)));
            out.write(file);
        }
        return jar;
    }

    private static byte[] entry(Path jar, String name) throws Exception {
        try (URLClassLoader loader = only(jar);
                InputStream in = loader.getResourceAsStream(path(name))) {
            return in.readAllBytes();
        }
    }

    private static byte[] bytesOf(Class<?> type) throws IOException {
        try (InputStream in = type.getClassLoader().getResourceAsStream(path(type.getName()))) {
            return in.readAllBytes();
        }
    }

    private static String path(String name) {
        return name.replace('.', '/') + ".class";
    }

    private static URLClassLoader only(Path jar) throws IOException {
        URL pekko = Creator.class.getProtectionDomain().getCodeSource().getLocation();
        return new URLClassLoader(new URL[] {jar.toUri().toURL(), pekko}, ClassLoader.getPlatformClassLoader());
    }

    private static List<String> metafactories(ClassModel model) {
        return model.methods().stream()
                .flatMap(method -> method.code().stream())
                .flatMap(code -> code.elementStream())
                .flatMap(element -> element instanceof InvokeDynamicInstruction site
                        ? Stream.of(site.bootstrapMethod().methodName())
                        : Stream.empty())
                .toList();
    }

    /** A class of version 49 with a branch, which a later version may not have without stack maps. */
    private static byte[] old() {
        return ClassFile.of()
                .build(
                        ClassDesc.of(OLD),
                        type -> type.withVersion(ClassFile.JAVA_5_VERSION, 0)
                                .withMethodBody(
                                        "sign",
                                        MethodTypeDesc.of(ConstantDescs.CD_String, ConstantDescs.CD_int),
                                        ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                                        code -> code.iload(0)
                                                .ifThenElse(
                                                        Opcode.IFLT,
                                                        negative -> negative.ldc("negative"),
                                                        other -> other.ldc("not negative"))
                                                .return_(TypeKind.REFERENCE))
                                .withFlags(ClassFile.ACC_PUBLIC));
    }
}
