package belle.export.tokenizer;

import belle.export.checkpoint.Checkpoint;
import belle.export.checkpoint.Gguf;
import belle.proto.Failure;
import belle.proto.FailureException;
import belle.proto.bundle.PromptTemplate;
import belle.proto.bundle.PromptTemplates;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The tokenizer of a checkpoint, ready for a bundle.
 *
 * @param json the text of the bundle's tokenizer.json
 * @param source the file it comes from: tokenizer.json (checked and taken), tokenizer.model or GGUF metadata (converted)
 * @param tokens one more than the highest id
 * @param bosIds put before every prompt; empty where the tokenizer adds none
 * @param eosIds the tokenizer's end-of-text id, if it names one
 * @param specialTokens names of all special tokens
 * @param ownTemplate whether the checkpoint brings a chat template: such a one is a program (Jinja) and is never executed, a
 *     bundle's prompts follow one of {@link PromptTemplates}
 */
public record TokenizerFiles(
        String json,
        String source,
        int tokens,
        List<Integer> bosIds,
        List<Integer> eosIds,
        Set<String> specialTokens,
        boolean ownTemplate) {
    static final String JSON_FILE = "tokenizer.json";
    static final String MODEL_FILE = "tokenizer.model";

    public TokenizerFiles {
        bosIds = List.copyOf(bosIds);
        eosIds = List.copyOf(eosIds);
        specialTokens = Set.copyOf(specialTokens);
    }

    /**
     * Reads the tokenizer of {@code checkpoint}: tokenizer.json if it is there, else tokenizer.model.
     *
     * <p>A missing, damaged or unknown tokenizer ends in {@link Failure.Broken} naming file and field.
     */
    public static TokenizerFiles read(Path checkpoint) {
        return Gguf.isOne(checkpoint) ? GgufTokenizer.of(checkpoint, Gguf.metadata(checkpoint)) : ofFolder(checkpoint);
    }

    /** Reads the tokenizer of an opened checkpoint. */
    public static TokenizerFiles read(Checkpoint checkpoint) {
        Path from = checkpoint.dir();
        return checkpoint
                .metadata()
                .map(metadata -> GgufTokenizer.of(from, metadata))
                .orElseGet(() -> ofFolder(from));
    }

    private static TokenizerFiles ofFolder(Path checkpoint) {
        TokenizerConfig config = TokenizerConfig.read(checkpoint);
        Path json = checkpoint.resolve(JSON_FILE);
        if (Files.exists(json)) {
            return taken(json, config);
        }
        Path model = checkpoint.resolve(MODEL_FILE);
        if (Files.exists(model)) {
            return converted(model, config);
        }
        throw SourceText.broken(checkpoint, "tokenizer", "has neither " + JSON_FILE + " nor " + MODEL_FILE);
    }

    /** Refuses a template that asks for special tokens which this tokenizer does not have. */
    public void check(PromptTemplate template) {
        for (String name : template.specialTokens()) {
            if (!specialTokens.contains(name)) {
                throw new FailureException(new Failure.Invalid(
                        "template",
                        "the prompt template '" + template.name() + "' needs the special token '" + name
                                + "', which the checkpoint's tokenizer does not have"));
            }
        }
    }

    private static TokenizerFiles converted(Path file, TokenizerConfig config) {
        SentencePieceModel model = SentencePieceReader.read(file);
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < model.pieces().size(); id++) {
            ids.put(model.pieces().get(id).text(), id);
        }
        config.added().forEach((id, token) -> ids.put(token.path("content").asText(), id));
        Optional<String> bos =
                config.name("bos").or(() -> Optional.of(model.bosPiece()).filter(ids::containsKey));
        Optional<String> eos =
                config.name("eos").or(() -> Optional.of(model.eosPiece()).filter(ids::containsKey));
        Optional<String> before = config.flag("add_bos_token").orElse(true) ? bos : Optional.empty();
        Optional<String> after = config.flag("add_eos_token").orElse(false) ? eos : Optional.empty();
        ObjectNode json = Conversion.convert(file, model, config, before, after);
        int tokens = model.pieces().size();
        Set<String> specials = new HashSet<>();
        for (JsonNode token : json.path("added_tokens")) {
            tokens = Math.max(tokens, token.path("id").intValue() + 1);
            if (token.path("special").booleanValue()) {
                specials.add(token.path("content").textValue());
            }
        }
        return new TokenizerFiles(
                json.toString(),
                MODEL_FILE,
                tokens,
                ids(before, "bos", ids, config),
                ids(eos, "eos", ids, config),
                specials,
                config.bringsChatTemplate());
    }

    private static TokenizerFiles taken(Path file, TokenizerConfig config) {
        CheckedJson json = CheckedJson.read(file, config);
        Map<String, Integer> ids = json.specialIds();
        List<Integer> bos = json.idsBefore();
        if (config.isLlama()) {
            // LLaMA's classes go by this flag, set if missing, and build their post-processor from it.
            bos = config.flag("add_bos_token").orElse(true) ? ids(config.name("bos"), "bos", ids, config) : List.of();
        }
        return new TokenizerFiles(
                json.text(),
                JSON_FILE,
                json.tokens(),
                bos,
                ids(config.name("eos"), "eos", ids, config),
                ids.keySet(),
                config.bringsChatTemplate());
    }

    private static List<Integer> ids(
            Optional<String> name, String role, Map<String, Integer> ids, TokenizerConfig config) {
        if (name.isEmpty()) {
            return List.of();
        }
        Integer id = ids.get(name.get());
        if (id == null) {
            throw SourceText.broken(config.file(), role + "_token", "'" + name.get() + "' is not in the vocabulary");
        }
        return List.of(id);
    }
}
