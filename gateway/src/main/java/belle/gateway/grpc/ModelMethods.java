package belle.gateway.grpc;

import belle.gateway.work.Models;
import belle.proto.SamplingParams;
import belle.proto.node.NodeQuery.ModelInfo;
import belle.v1.DetokenizeRequest;
import belle.v1.DetokenizeResponse;
import belle.v1.GetModelRequest;
import belle.v1.ListModelsRequest;
import belle.v1.ListModelsResponse;
import belle.v1.Model;
import belle.v1.Sampling;
import belle.v1.TokenizeRequest;
import belle.v1.TokenizeResponse;
import java.util.concurrent.CompletionStage;

/** Answers what is known about models without generating. */
final class ModelMethods {
    private final Models models;

    ModelMethods(Models models) {
        this.models = models;
    }

    ListModelsResponse list(GrpcCall call, ListModelsRequest request) {
        var list = ListModelsResponse.newBuilder();
        models.all().forEach(model -> list.addModels(message(model)));
        return list.build();
    }

    Model get(GrpcCall call, GetModelRequest request) {
        return message(models.served(request.getModel()).info());
    }

    CompletionStage<TokenizeResponse> tokenize(GrpcCall call, TokenizeRequest request) {
        var asked = belle.gateway.api.ModelBodies.TokenizeRequest.of(RequestJson.of(request));
        return models.tokenize(asked).thenApply(answer -> {
            var message = TokenizeResponse.newBuilder()
                    .addAllPieces(answer.tokenized().pieces())
                    .setMaxModelLen(answer.model().contextTokens());
            for (int i = 0; i < answer.tokenized().ids().size(); i++) {
                message.addTokenIds(answer.tokenized().ids().get(i));
            }
            return message.build();
        });
    }

    CompletionStage<DetokenizeResponse> detokenize(GrpcCall call, DetokenizeRequest request) {
        return models.detokenize(belle.gateway.api.ModelBodies.DetokenizeRequest.of(RequestJson.of(request)))
                .thenApply(text -> DetokenizeResponse.newBuilder().setText(text).build());
    }

    private static Model message(ModelInfo model) {
        SamplingParams defaults = model.defaults();
        return Model.newBuilder()
                .setId(model.id())
                .setCreated(model.createdEpochSeconds())
                .setMaxModelLen(model.contextTokens())
                .setVocabulary(model.vocabulary())
                .setArchitecture(model.architecture())
                .setWeights(model.weights())
                .setEmbedded(model.embedded())
                .setChat(model.chat())
                .setDefaults(Sampling.newBuilder()
                        .setTemperature(defaults.temperature())
                        .setTopP(defaults.topP())
                        .setTopK(defaults.topK())
                        .setRepetitionPenalty(defaults.repetitionPenalty()))
                .build();
    }
}
