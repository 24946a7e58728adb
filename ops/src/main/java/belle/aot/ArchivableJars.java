package belle.aot;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.invoke.LambdaMetafactory;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Copies jars so that the JVM's ahead-of-time cache (JEP 483) can keep what is in them. The cache of JDK 25 leaves two things out, and
 * Pekko, Scala and picocli are full of them: lambdas that ask to be serialisable, which the JVM then makes anew at each start, and
 * classes of old versions, which have no stack maps. In the copies such lambdas are plain ones and such classes have stack maps;
 * all else is the same bytes. Nothing here serialises a lambda: Pekko's Java serialisation is off.
 */
public final class ArchivableJars {
    /** Classes from this version on must have stack maps. */
    private static final int STACK_MAPS = ClassFile.JAVA_7_VERSION;

    private static final ClassDesc METAFACTORY = ClassDesc.of(LambdaMetafactory.class.getName());
    private static final String SERIALISABLE = "altMetafactory";
    private static final DirectMethodHandleDesc PLAIN = ConstantDescs.ofCallsiteBootstrap(
            METAFACTORY,
            "metafactory",
            ConstantDescs.CD_CallSite,
            ConstantDescs.CD_MethodType,
            ConstantDescs.CD_MethodHandle,
            ConstantDescs.CD_MethodType);

    /** Where a site's flags are among its arguments: after the three that a plain one has. */
    private static final int FLAGS = 3;

    private static final ClassTransform PLAIN_LAMBDAS =
            ClassTransform.transformingMethodBodies(ArchivableJars::plainLambda);

    private final ClassFile classes;

    private ArchivableJars(ClassLoader libraries) {
        classes = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(libraries).orElse(ClassHierarchyResolver.defaultResolver())));
    }

    /**
     * {@code TO JAR…}: copies each jar into the folder {@code TO}, unless a copy is there that is no older.
     *
     * @throws IOException if a jar cannot be read or a copy not written; no half of a copy is left under its name
     */
    public static void main(String[] arguments) throws IOException {
        Path to = Files.createDirectories(Path.of(arguments[0]));
        List<Path> jars = List.of(arguments).subList(1, arguments.length).stream()
                .map(Path::of)
                .toList();
        URL[] urls = new URL[jars.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = jars.get(i).toUri().toURL();
        }
        try (URLClassLoader libraries = new URLClassLoader(urls)) {
            ArchivableJars copier = new ArchivableJars(libraries);
            for (Path jar : jars) {
                copier.copy(jar, to.resolve(jar.getFileName()));
            }
        }
    }

    private void copy(Path from, Path to) throws IOException {
        if (Files.exists(to) && Files.getLastModifiedTime(to).compareTo(Files.getLastModifiedTime(from)) >= 0) {
            return;
        }
        Path unfinished = to.resolveSibling(to.getFileName() + ".part");
        try (ZipFile jar = new ZipFile(from.toFile());
                OutputStream file = new BufferedOutputStream(Files.newOutputStream(unfinished));
                ZipOutputStream out = new ZipOutputStream(file)) {
            out.setLevel(Deflater.BEST_SPEED);
            for (ZipEntry entry : jar.stream().toList()) {
                byte[] content = jar.getInputStream(entry).readAllBytes();
                out.putNextEntry(new ZipEntry(entry.getName()));
                out.write(entry.getName().endsWith(".class") ? archivable(content) : content);
                out.closeEntry();
            }
        }
        Files.move(unfinished, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * A class file in its archivable form: the same array where nothing is to be changed, or cannot be: the class needs another that is in
     * none of the jars, or is broken.
     */
    private byte[] archivable(byte[] file) {
        ClassModel model = classes.parse(file);
        try {
            if (model.majorVersion() < STACK_MAPS) {
                // A pool of its own, or method bodies would be taken over as they are.
                return classes.withOptions(ClassFile.ConstantPoolSharingOption.NEW_POOL)
                        .transformClass(model, ArchivableJars::withStackMaps);
            }
            return hasMetafactory(model) ? classes.transformClass(model, PLAIN_LAMBDAS) : file;
        } catch (IllegalArgumentException unresolvedOrBroken) {
            return file;
        }
    }

    private static void withStackMaps(ClassBuilder builder, ClassElement element) {
        switch (element) {
            case ClassFileVersion version -> builder.withVersion(STACK_MAPS, 0);
            case MethodModel method ->
                builder.transformMethod(method, MethodTransform.transformingCode(CodeTransform.ACCEPT_ALL));
            default -> builder.with(element);
        }
    }

    private static boolean hasMetafactory(ClassModel model) {
        for (PoolEntry entry : model.constantPool()) {
            if (entry instanceof Utf8Entry text && text.equalsString(SERIALISABLE)) {
                return true;
            }
        }
        return false;
    }

    private static void plainLambda(CodeBuilder code, CodeElement element) {
        if (element instanceof InvokeDynamicInstruction site && canBePlain(site)) {
            List<ConstantDesc> arguments = site.bootstrapArgs();
            code.invokedynamic(DynamicCallSiteDesc.of(
                    PLAIN,
                    site.name().stringValue(),
                    site.typeSymbol(),
                    arguments.get(0),
                    arguments.get(1),
                    arguments.get(2)));
        } else {
            code.with(element);
        }
    }

    /**
     * Whether all that this site asks for beyond a plain lambda is to be serialisable, and nobody casts it to that: javac does so where a
     * program names {@code Serializable} beside an interface, so these sites stay.
     */
    private static boolean canBePlain(InvokeDynamicInstruction site) {
        DirectMethodHandleDesc bootstrap = site.bootstrapMethod();
        String type = site.typeSymbol().returnType().descriptorString();
        if (!bootstrap.owner().equals(METAFACTORY)
                || !bootstrap.methodName().equals(SERIALISABLE)
                || !(type.startsWith("Lscala/") || type.startsWith("Lorg/apache/pekko/japi/"))) {
            return false;
        }
        int flags = (Integer) site.bootstrapArgs().get(FLAGS);
        if ((flags & LambdaMetafactory.FLAG_MARKERS) != 0) {
            return false;
        }
        boolean bridges = (flags & LambdaMetafactory.FLAG_BRIDGES) != 0
                && (Integer) site.bootstrapArgs().get(FLAGS + 1) > 0;
        // Scala gives its functions a second method, of the types at hand. Nobody calls it: the interface has the one
        // method.
        return !bridges || type.startsWith("Lscala/Function");
    }
}
