package belle.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import belle.dataset.ItemFile.Layout;
import belle.proto.FailureException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConversionTest {
    private static final Path BELLE = Path.of(System.getProperty("belle.root", ".."), "../shared/belle");

    @TempDir
    private Path folder;

    private String convert(String text, Form to) throws IOException {
        return convert(text, Optional.empty(), to, Optional.empty());
    }

    private String convert(String text, Optional<Form> from, Form to, Optional<Layout> layout) throws IOException {
        Path in = Files.writeString(folder.resolve("in.json"), text.replace('\'', '"'));
        Conversion.run(in, from, folder.resolve("out.json"), to, layout);
        return Files.readString(folder.resolve("out.json")).replace('"', '\'');
    }

    @Test
    void instructionsBecomeWhatBelleHasPublished() throws IOException {
        assertThat(convert(
                        "{'instruction':'翻译','input':'你好','output':'Hi','id':7}\n{'instruction':'写诗','output':'好'}",
                        Form.INPUT_TARGET))
                .isEqualTo("{'input':'翻译\\n你好','target':'Hi','id':7}\n{'input':'写诗','target':'好'}\n");
    }

    @Test
    void aChatHasTurnsAndASystemsMessage() throws IOException {
        String chat =
                "{'messages':[{'role':'system','content':'短'},{'role':'user','content':'a'},{'role':'assistant','content':'b'},"
                        + "{'role':'user','content':'c'},{'role':'assistant','content':'d'}]}\n";
        assertThat(convert(chat, Form.CHAT)).isEqualTo(chat);
        assertThatThrownBy(() -> convert(chat, Form.INSTRUCTION))
                .isInstanceOf(FailureException.class)
                .hasMessageEndingWith(
                        "in.json: line 1: 5 messages do not go into the form instruction, which has one question and one answer");
    }

    static Stream<Arguments> roundTrips() {
        String odd = "\\u0000 \\ud83d\\ude00 \\\"\\\\ \\t</s>\\r\\n###";
        return Stream.of(
                Arguments.of(
                        Form.INPUT_TARGET,
                        "{\"input\":\"a\\nb" + odd + "\",\"target\":\"" + odd + "\",\"class\":\"open qa\"}"),
                Arguments.of(Form.INPUT_TARGET, "{\"input\":\"\",\"target\":\"\"}"),
                Arguments.of(
                        Form.INSTRUCTION,
                        "{\"instruction\":\"" + odd
                                + "\",\"input\":\"\",\"output\":\"x\",\"n\":{\"a\":[1.5,null,true]}}"),
                Arguments.of(
                        Form.CHAT,
                        "{\"messages\":[{\"role\":\"user\",\"content\":\"" + odd
                                + "\"},{\"role\":\"assistant\",\"content\":\"y\"}]}"));
    }

    @ParameterizedTest
    @MethodSource("roundTrips")
    void whatAFormHoldsComesBackFromEveryOther(Form form, String item) throws IOException {
        var json = new ObjectMapper();
        for (Form other : Form.values()) {
            String there = convert(item, Optional.of(form), other, Optional.of(Layout.ARRAY))
                    .replace('\'', '"');
            String back = convert(there, Optional.of(other), form, Optional.of(Layout.LINES))
                    .replace('\'', '"');
            assertThat(json.readTree(back)).isEqualTo(json.readTree(item));
        }
    }

    @Test
    void anInstructionsInputStaysApartWithinItsForm() throws IOException {
        String item = "{'instruction':'a\\nb','input':'c\\nd','output':'e'}\n";
        assertThat(convert(item, Form.INSTRUCTION)).isEqualTo(item);
    }

    @Test
    void layoutsAreReadAndWritten() throws IOException {
        String array = "\n[ {'input':'a','target':'b'} ,\n{'input':'c','target':'d'}]\n";
        String lines = "{'input':'a','target':'b'}\n{'input':'c','target':'d'}\n";
        assertThat(convert(array, Form.INPUT_TARGET))
                .isEqualTo("[\n{'input':'a','target':'b'},\n{'input':'c','target':'d'}\n]\n");
        assertThat(convert(array, Optional.empty(), Form.INPUT_TARGET, Optional.of(Layout.LINES)))
                .isEqualTo(lines);
        assertThat(convert("\ufeff" + lines.replace("\n", "\r\n\n"), Form.INPUT_TARGET))
                .isEqualTo(lines);
        assertThat(convert("[]", Form.CHAT)).isEqualTo("[\n]\n");
        assertThat(convert("", Form.CHAT)).isEmpty();
    }

    @Test
    void compressedFilesAreReadAndWritten() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write("{\"input\":\"a\",\"target\":\"b\"}\n".getBytes(StandardCharsets.UTF_8));
        }
        Path in = Files.write(folder.resolve("in.jsonl.gz"), bytes.toByteArray());
        Path out = folder.resolve("out.jsonl.gz");
        Conversion.run(in, Optional.empty(), out, Form.INPUT_TARGET, Optional.empty());
        Path plain = folder.resolve("plain.jsonl");
        Conversion.run(out, Optional.empty(), plain, Form.INPUT_TARGET, Optional.empty());
        assertThat(plain).hasContent("{\"input\":\"a\",\"target\":\"b\"}\n");
    }

    static Stream<Arguments> broken() {
        String good = "{'input':'a','target':'b'}\n";
        return Stream.of(
                Arguments.of(good + "\n{'input':'a','target':3}", "line 3: 'target' must be text, not 3"),
                Arguments.of(good + "{'input':'a'}", "line 2: of no known form"),
                Arguments.of(good + "{'input':'a','target':'b'", "line 2: Unexpected end-of-input"),
                Arguments.of(good + "{'input':'a','target':'b'} {}", "line 2: there is more than one value on it"),
                Arguments.of(good + "'text'", "line 2: "),
                Arguments.of(good + "{'input':'a','input':'b','target':'c'}", "line 2: Duplicate field 'input'"),
                Arguments.of("[" + good + ",\n{'input':'a','target':null}]", "line 3: 'target' must be text, not null"),
                Arguments.of("[" + good + ",", "line 2: "),
                Arguments.of("[" + good, "line 2: "),
                Arguments.of("[" + good + "] x", "line 2: "),
                Arguments.of("[" + good + "]\n[]", "line 3: there is more behind the array"),
                Arguments.of(
                        "{'messages':[{'role':'user','content':'a'}]}",
                        "line 1: the last message must be the assistant's"),
                Arguments.of(
                        "{'messages':[{'role':'assistant','content':'a'}]}",
                        "line 1: message 1 is of 'assistant', due is 'user'"),
                Arguments.of(
                        "{'instruction':'a','output':'b','target':'c'}",
                        "line 1: 'input' must be text, but is missing"));
    }

    @ParameterizedTest
    @MethodSource("broken")
    void aBrokenItemIsNamedByItsLineAndNothingIsWritten(String text, String problem) throws IOException {
        assertThatThrownBy(() -> convert(text, Form.CHAT))
                .isInstanceOf(FailureException.class)
                .satisfies(e -> assertThat(String.valueOf(e.getMessage()).replace('"', '\''))
                        .contains("in.json: " + problem));
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactly("in.json");
        }
    }

    @Test
    void bytesThatAreNoTextAreNamed() throws IOException {
        byte[] bytes = "{\"input\":\"a\",\"target\":\"b\"}\n{\"input\":\"x\",\"target\":\"b\"}\n"
                .getBytes(StandardCharsets.UTF_8);
        bytes[bytes.length - 17] = (byte) 0xff;
        Path in = Files.write(folder.resolve("in.json"), bytes);
        assertThatThrownBy(() ->
                        Conversion.run(in, Optional.empty(), folder.resolve("out.json"), Form.CHAT, Optional.empty()))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("line 2: Invalid UTF-8");
    }

    @Test
    void aFieldThatTheOtherFormUsesForSomethingElseIsNotLost() {
        assertThatThrownBy(() -> convert("{'input':'a','target':'b','output':'c'}", Form.INSTRUCTION))
                .isInstanceOf(FailureException.class)
                .hasMessageContaining("it has a field 'output' that is another one in the form instruction");
    }

    @Test
    void bellesEvaluationSetGoesThereAndBack() throws IOException {
        Path set = BELLE.resolve("eval_set.json");
        assumeTrue(Files.exists(set), "BELLE's evaluation set is not here");
        String text =
                Files.readString(set).replace("\"question\"", "\"input\"").replace("\"std_answer\"", "\"target\"");
        Path in = Files.writeString(folder.resolve("set.json"), text);
        Path chat = folder.resolve("chat.json");
        Path back = folder.resolve("back.json");
        assertThat(Conversion.run(in, Optional.empty(), chat, Form.CHAT, Optional.of(Layout.ARRAY)))
                .isEqualTo(1000);
        Conversion.run(chat, Optional.empty(), back, Form.INPUT_TARGET, Optional.of(Layout.LINES));
        var json = new ObjectMapper();
        var before =
                Files.readAllLines(in).stream().filter(line -> !line.isBlank()).toList();
        var after = Files.readAllLines(back);
        assertThat(after).hasSameSizeAs(before);
        for (int i = 0; i < after.size(); i++) {
            assertThat(json.readTree(after.get(i))).isEqualTo(json.readTree(before.get(i)));
        }
    }
}
