package belle.scaling;

import belle.proto.bundle.RankShare;
import belle.proto.bundle.WeightType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the rank with the largest share computes, reads and keeps; the others wait for it.
 *
 * @param layer the products of a layer
 * @param head the product that makes logits
 * @param heads query heads
 * @param weightBytes all weights that it refers to; norms and biases, less than a thousandth, are left out
 * @param kvBytesPerToken of one sequence in its part of the cache
 */
record RankWork(
        ModelShape shape,
        int degree,
        List<Product> layer,
        Product head,
        int heads,
        long weightBytes,
        long kvBytesPerToken) {
    /**
     * A matrix of [outputs, inputs].
     *
     * @param bytes read for one step, however many rows it has
     */
    record Product(WeightType type, long outputs, long inputs, long bytes) {
        static Product of(WeightType type, int group, int outputs, int inputs) {
            return new Product(type, outputs, inputs, type.bytes("tiles64", List.of(outputs, inputs), group));
        }

        /** A multiply-add is two. */
        double operations(int rows) {
            return 2.0 * rows * outputs * inputs;
        }
    }

    /** Returns the largest of {@code degree} ranks. */
    static RankWork largest(ModelShape shape, int degree) {
        shape.requireDegree(degree);
        return IntStream.range(0, degree)
                .mapToObj(rank -> of(shape, rank, degree))
                .max(Comparator.comparingLong(RankWork::weightBytes))
                .orElseThrow();
    }

    /** Returns one rank. */
    static RankWork of(ModelShape shape, int rank, int degree) {
        var a = shape.architecture();
        var share = RankShare.of(a, shape.group(), rank, degree);
        int queries = share.heads().size();
        int keyHeads = share.kvHeads().size();
        int units = share.units().size();
        WeightType type = shape.weights();
        int group = shape.group();
        int gates = a.family().equals("llama") ? 2 : 1;
        List<Product> layer = new ArrayList<>();
        layer.add(Product.of(type, group, (queries + 2 * keyHeads) * a.headDim(), a.hidden()));
        layer.add(Product.of(type, group, a.hidden(), queries * a.headDim()));
        layer.add(Product.of(type, group, gates * units, a.hidden()));
        layer.add(Product.of(type, group, a.hidden(), units));
        Product head = Product.of(shape.head(), group, share.vocabulary().size(), a.hidden());
        long ofLayers = a.layers() * layer.stream().mapToLong(Product::bytes).sum();
        long embedding = shape.tied()
                ? Product.of(shape.head(), group, a.vocabulary(), a.hidden()).bytes()
                : head.bytes() + WeightType.F16.bytes("rows", List.of(a.vocabulary(), a.hidden()), 0);
        long kvBytes = 2L * a.layers() * keyHeads * shape.cache().rowBytes(a.headDim());
        return new RankWork(shape, degree, layer, head, queries, ofLayers + embedding, kvBytes);
    }
}
