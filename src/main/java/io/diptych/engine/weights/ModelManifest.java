package io.diptych.engine.weights;

import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.EngineException;
import io.diptych.engine.Sampling;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a backbone is: architecture, sizes, scale schedule, files with digests, licence, defaults.
 * Read from {@code model.json}; a manifest that exists is consistent in itself.
 *
 * @param name lower-case name, for example {@code pocket}
 * @param licence SPDX expression or short text for the weights
 * @param resolution pixels per side
 * @param scales sides of the token maps, coarse to fine
 * @param vqvae sizes of the VQ-VAE
 * @param switti sizes of the transformer
 * @param textEncoders text encoders; their outputs are concatenated in this order and the last one
 *     gives the pooled vector
 * @param files files by component: {@code vqvae}, {@code switti}, {@code text.0}, {@code text.1}
 * @param vocabulary words for what this model draws; empty when none are given
 * @param scaleWeights which scales speak of content and which of style; null when not measured
 * @param defaults what a request that says nothing gets
 * @param digest SHA-256 of the bytes of {@code model.json}, hex; it covers the digests of all files
 */
public record ModelManifest(
    String name,
    String licence,
    int resolution,
    List<Integer> scales,
    VqVae vqvae,
    Switti switti,
    List<TextEncoderSpec> textEncoders,
    Map<String, List<ModelFile>> files,
    Vocabulary vocabulary,
    @Nullable ScaleWeights scaleWeights,
    Defaults defaults,
    String digest) {

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]*");

  private static final Pattern NESTED = Pattern.compile("\\b(guidance|memory)\\.(\\w)");

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .build();

  public ModelManifest {
    require(NAME.matcher(present("name", name)).matches(), "the name '" + name + "' is not simple");
    require(!present("licence", licence).isBlank(), "the licence is empty");
    scales = List.copyOf(present("scales", scales));
    require(
        scales.size() > 1 && scales.get(0) == 1,
        "the scales %s are not two or more that begin with a single token",
        scales);
    for (int k = 1; k < scales.size(); k++) {
      require(scales.get(k) > scales.get(k - 1), "the scales " + scales + " do not grow");
    }
    int side = scales.get(scales.size() - 1);
    int reduction = 1 << (present("vqvae", vqvae).channelMultipliers.size() - 1);
    require(
        side * reduction == resolution,
        "the last scale, %d, times the reduction of the VQ-VAE, %d, is not the resolution %d",
        side,
        reduction,
        resolution);
    textEncoders = List.copyOf(present("textEncoders", textEncoders));
    require(!textEncoders.isEmpty(), "there is no text encoder");
    int textWidth = textEncoders.stream().mapToInt(TextEncoderSpec::width).sum();
    require(
        present("switti", switti).textWidth == textWidth,
        "switti.textWidth is %d but the text encoders together give %d",
        switti.textWidth,
        textWidth);
    TextEncoderSpec last = textEncoders.get(textEncoders.size() - 1);
    int pooledWidth = last.width();
    require(
        last.projectionWidth == 0 || last.projectionWidth == pooledWidth,
        "projectionWidth of the last text encoder, which gives the pooled vector, is neither 0 nor"
            + " its width %d",
        pooledWidth);
    require(
        switti.pooledWidth == pooledWidth,
        "switti.pooledWidth is %d but the last text encoder gives %d",
        switti.pooledWidth,
        pooledWidth);
    files = Map.copyOf(present("files", files));
    for (String component : files.keySet()) {
      require(!files.get(component).isEmpty(), "the component " + component + " has no files");
    }
    require(files.containsKey("vqvae"), "no files are given for vqvae");
    require(files.containsKey("switti"), "no files are given for switti");
    for (int i = 0; i < textEncoders.size(); i++) {
      require(files.containsKey("text." + i), "no files are given for text." + i);
    }
    vocabulary = vocabulary == null ? Vocabulary.NONE : vocabulary;
    require(
        scaleWeights == null
            || scaleWeights.content.size() == scales.size()
                && scaleWeights.style.size() == scales.size(),
        "scaleWeights must have one number for each of the %d scales",
        scales.size());
    defaults = defaults == null ? new Defaults(null, null) : defaults;
    require(
        offers(defaults.decomposition.profile, scaleWeights),
        "defaults.decomposition.profile is MEASURED, but there are no scaleWeights");
    requireNone("sampling", defaults.sampling.toSampling().faults(scales.size()));
    requireNone(
        "decomposition",
        defaults.decomposition.toOptions(null, null, 0).faults(switti.depth).stream()
            .map(fault -> fault.option() + " " + fault.detail())
            .toList());
  }

  /**
   * Reads a manifest.
   *
   * @param json the bytes of {@code model.json}
   * @param where what to call it in errors
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} saying which field is at fault
   */
  public static ModelManifest read(byte[] json, String where) {
    try {
      JsonNode tree = JSON.readTree(json);
      require(tree.isObject() && !tree.has("digest"), "it is not an object without a digest");
      ((ObjectNode) tree).put("digest", Digests.sha256(json));
      return JSON.treeToValue(tree, ModelManifest.class);
    } catch (DatabindException e) {
      throw invalid(where, place(e) + reason(e), e);
    } catch (JacksonException e) {
      throw invalid(where, e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw invalid(where, String.valueOf(e.getMessage()), e);
    }
  }

  /** Whether the scales that a profile goes by are known for this model. */
  public boolean offers(DecompositionOptions.Profile profile) {
    return offers(profile, scaleWeights);
  }

  private static boolean offers(
      DecompositionOptions.@Nullable Profile profile, @Nullable ScaleWeights weights) {
    return profile != DecompositionOptions.Profile.MEASURED || weights != null;
  }

  /** The files of a component, for example {@code switti}. */
  public List<ModelFile> files(String component) {
    List<ModelFile> found = files.get(component);
    if (found == null) {
      throw new IllegalArgumentException(name + " has no component " + component);
    }
    return found;
  }

  /**
   * Sizes of the VQ-VAE (backbones.md 1.1).
   *
   * @param channels base width of encoder and decoder
   * @param channelMultipliers width of each level in units of the base width; each further level
   *     halves the side
   * @param residualBlocks blocks per encoder level; the decoder has one more
   * @param zChannels latent and codebook width
   * @param vocabulary codebook entries
   * @param grain channels of noise that each level of the decoder but the coarsest is given; 0 or
   *     absent for none, as in official tokenizers
   * @param drawnLevels how many of the decoder's finest levels are there twice, for pictures' own
   *     tokens and for those that are drawn; 0 or absent for none, as in official tokenizers
   */
  public record VqVae(
      int channels,
      List<Integer> channelMultipliers,
      int residualBlocks,
      int zChannels,
      int vocabulary,
      @Nullable Integer grain,
      @Nullable Integer drawnLevels) {
    public VqVae {
      channelMultipliers = List.copyOf(present("channelMultipliers", channelMultipliers));
      positive("vqvae sizes", channels, residualBlocks, zChannels, vocabulary);
      positive("channelMultipliers", channelMultipliers.stream().mapToInt(i -> i).toArray());
      require(!channelMultipliers.isEmpty(), "there are no channelMultipliers");
      grain = or(grain, 0);
      require(grain >= 0, "grain is negative");
      drawnLevels = or(drawnLevels, 0);
      require(
          drawnLevels >= 0 && drawnLevels < channelMultipliers.size(),
          "drawnLevels is not from 0 to %d, so that at least the coarsest level is there once",
          channelMultipliers.size() - 1);
    }
  }

  /**
   * Sizes of the transformer (backbones.md 2.3).
   *
   * @param depth blocks
   * @param width channels
   * @param heads attention heads
   * @param textWidth width of the context
   * @param pooledWidth width of the pooled text vector
   * @param ropeTheta base of the rotary frequencies
   * @param ropeSize side that the positions of every scale are stretched to
   * @param causal whether a scale sees the scales before it (AR variants)
   * @param cropCondition whether original size and crop condition the blocks
   */
  public record Switti(
      int depth,
      int width,
      int heads,
      int textWidth,
      int pooledWidth,
      double ropeTheta,
      double ropeSize,
      boolean causal,
      boolean cropCondition) {
    public Switti {
      positive("switti sizes", depth, width, heads, textWidth, pooledWidth);
      require(ropeTheta > 0 && ropeSize > 0, "ropeTheta and ropeSize must be positive");
      require(
          width % heads == 0 && width / heads % 4 == 0,
          "the width %d does not give %d heads of a multiple of four channels",
          width,
          heads);
    }
  }

  /**
   * One text encoder.
   *
   * @param kind which transformer and tokenizer it is
   * @param layers blocks
   * @param width channels
   * @param heads attention heads
   * @param feedForward hidden width of the feed-forward part
   * @param vocabulary rows of the embedding table
   * @param positions rows of the position table
   * @param maximumTokens longest prompt, special tokens included; at most {@code positions}
   * @param activation of the feed-forward part
   * @param layerNormEpsilon added to variances
   * @param projectionWidth width of {@code text_projection}, CLIP only; 0 when there is none
   */
  public record TextEncoderSpec(
      Kind kind,
      int layers,
      int width,
      int heads,
      int feedForward,
      int vocabulary,
      int positions,
      int maximumTokens,
      Activation activation,
      double layerNormEpsilon,
      int projectionWidth) {

    /** Architectures of text encoders. */
    public enum Kind {
      /** BERT as in all-MiniLM-L6-v2. */
      MINILM,
      /** The text half of CLIP. */
      CLIP
    }

    /** Activations of the feed-forward part. */
    public enum Activation {
      /** Exact GELU, by the error function. */
      GELU,
      /** x times sigmoid(1.702 x). */
      QUICK_GELU
    }

    public TextEncoderSpec {
      present("kind", kind);
      present("activation", activation);
      positive(
          "text encoder sizes",
          layers,
          width,
          heads,
          feedForward,
          vocabulary,
          positions,
          maximumTokens);
      require(width % heads == 0, "the width %d does not divide into %d heads", width, heads);
      require(
          maximumTokens <= positions,
          "maximumTokens %d is more than the %d positions",
          maximumTokens,
          positions);
      require(layerNormEpsilon > 0, "layerNormEpsilon must be positive");
      require(projectionWidth >= 0, "projectionWidth must not be negative");
    }
  }

  /**
   * One file.
   *
   * @param path path below its origin
   * @param from where it comes from: null for beside the manifest, {@code classpath:/FOLDER}, or
   *     {@code hub:OWNER/REPOSITORY@REVISION}
   * @param sha256 digest, hex; null when its publisher gives none
   * @param bytes size; null when unknown
   */
  public record ModelFile(
      String path, @Nullable String from, @Nullable String sha256, @Nullable Long bytes) {

    private static final Pattern PATH = Pattern.compile("[\\w.-]+(/[\\w.-]+)*");
    private static final Pattern FROM =
        Pattern.compile("classpath:/[\\w./-]*|hub:[\\w.-]+/[\\w.-]+@[\\w.-]+");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    public ModelFile {
      boolean inside = PATH.matcher(present("path", path)).matches() && !path.contains("..");
      require(inside, "the path '" + path + "' is not a plain relative path");
      require(
          from == null || FROM.matcher(from).matches() && !from.contains(".."),
          "the origin '" + from + "' of " + path + " is neither classpath: nor hub:owner/name@rev");
      sha256 = sha256 == null ? null : sha256.toLowerCase(Locale.ROOT);
      require(
          sha256 == null || SHA256.matcher(sha256).matches(),
          "the sha256 of " + path + " is not 64 hex digits");
    }
  }

  /**
   * Words that a picture may be described with when a request has none.
   *
   * @param content for subjects
   * @param style for styles
   */
  public record Vocabulary(List<String> content, List<String> style) {

    /** Of a model that names none. */
    public static final Vocabulary NONE = new Vocabulary(List.of(), List.of());

    public Vocabulary {
      content = words("content", content);
      style = words("style", style);
    }

    private static List<String> words(String field, List<String> words) {
      List<String> copy = List.copyOf(present("vocabulary." + field, words));
      require(copy.stream().noneMatch(String::isBlank), "vocabulary.%s has empty words", field);
      require(
          copy.stream().distinct().count() == copy.size(),
          "vocabulary.%s names a word twice",
          field);
      return copy;
    }
  }

  /**
   * What each scale's tokens weigh in the losses of profile {@code MEASURED}. Only proportions
   * matter.
   *
   * @param content per scale, nats a token that naming the subject saves
   * @param style per scale, nats a token that naming the style saves
   */
  public record ScaleWeights(List<Double> content, List<Double> style) {

    public ScaleWeights {
      content = weights("content", content);
      style = weights("style", style);
    }

    private static List<Double> weights(String field, List<Double> weights) {
      List<Double> copy = List.copyOf(present("scaleWeights." + field, weights));
      require(
          copy.stream().allMatch(weight -> weight >= 0 && Double.isFinite(weight))
              && copy.stream().anyMatch(weight -> weight > 0),
          "scaleWeights.%s must be numbers from 0, and not all of them 0",
          field);
      return copy;
    }
  }

  /**
   * What a request that says nothing gets.
   *
   * @param sampling null for the pipeline's defaults
   * @param decomposition null for the authors' settings
   */
  public record Defaults(
      @Nullable SamplingDefaults sampling, @Nullable DecompositionDefaults decomposition) {

    public Defaults {
      sampling =
          sampling == null
              ? new SamplingDefaults(null, null, null, null, null, null, null)
              : sampling;
      decomposition =
          decomposition == null
              ? new DecompositionDefaults(null, null, null, null, null, null, null, null)
              : decomposition;
    }
  }

  /** Sampling by default; what is null is as in {@link Sampling#DEFAULT}. */
  public record SamplingDefaults(
      @Nullable Double guidanceScale,
      @Nullable Integer guidanceFromScale,
      @Nullable Integer guidanceToScale,
      @Nullable Integer topK,
      @Nullable Double topP,
      @Nullable Integer smoothFromScale,
      @Nullable Double lastScaleTemperature) {

    /** The same, with nothing left open. */
    public Sampling toSampling() {
      Sampling official = Sampling.DEFAULT;
      return new Sampling(
          or(guidanceScale, official.guidanceScale()),
          or(guidanceFromScale, official.guidanceFromScale()),
          or(guidanceToScale, official.guidanceToScale()),
          or(topK, official.topK()),
          or(topP, official.topP()),
          or(smoothFromScale, official.smoothFromScale()),
          or(lastScaleTemperature, official.lastScaleTemperature()),
          false);
    }
  }

  /**
   * Decomposition by default; what is null is as in {@link DecompositionOptions#of}, except that no
   * step after the last is evaluated.
   */
  public record DecompositionDefaults(
      DecompositionOptions.@Nullable Profile profile,
      @Nullable Integer steps,
      @Nullable Integer evaluatedStep,
      @Nullable Integer tokens,
      @Nullable List<Integer> memoryBlocks,
      @Nullable Integer memoryPairs,
      @Nullable Integer rank,
      DecompositionOptions.@Nullable Optimiser optimiser) {

    /** Options for two words, or for those that the picture will get. */
    public DecompositionOptions toOptions(
        @Nullable String contentWord, @Nullable String styleWord, long seed) {
      DecompositionOptions official = DecompositionOptions.of(contentWord, styleWord, seed);
      int stepsToRun = or(steps, official.steps());
      return official.toBuilder()
          .profile(or(profile, official.profile()))
          .steps(stepsToRun)
          .evaluatedStep(or(evaluatedStep, Math.min(stepsToRun, official.evaluatedStep())))
          .tokens(or(tokens, official.tokens()))
          .memory(
              new DecompositionOptions.Memory(
                  or(memoryBlocks, DecompositionOptions.Memory.DEFAULT.blocks()),
                  or(memoryPairs, DecompositionOptions.Memory.DEFAULT.pairs())))
          .rectification(
              new DecompositionOptions.Rectification(
                  or(rank, DecompositionOptions.Rectification.DEFAULT.rank()),
                  List.of(),
                  DecompositionOptions.Rectification.DEFAULT.space()))
          .optimiser(or(optimiser, official.optimiser()))
          .build();
    }
  }

  private static <T> T or(@Nullable T value, T otherwise) {
    return value == null ? otherwise : value;
  }

  private static <T> T present(String field, @Nullable T value) {
    if (value == null) {
      throw new IllegalArgumentException(field + " is missing");
    }
    return value;
  }

  private static void positive(String what, int... sizes) {
    for (int size : sizes) {
      require(size > 0, what + " must be positive");
    }
  }

  private static void require(boolean condition, String message, Object... arguments) {
    if (!condition) {
      throw new IllegalArgumentException(String.format(Locale.ROOT, message, arguments));
    }
  }

  private static void requireNone(String part, List<String> faults) {
    // Requests nest what a manifest names in one word: memory.pairs is memoryPairs here.
    String here =
        NESTED
            .matcher(String.join("; ", faults).replace("rectification.", ""))
            .replaceAll(path -> path.group(1) + path.group(2).toUpperCase(Locale.ROOT));
    require(faults.isEmpty(), "defaults.%s cannot be used: %s", part, here);
  }

  private static String place(DatabindException e) {
    StringBuilder place = new StringBuilder();
    for (JacksonException.Reference step : e.getPath()) {
      String property = step.getPropertyName();
      place.append(property == null ? "[" + step.getIndex() + "]" : "." + property);
    }
    return place.isEmpty() ? "" : "at " + place.substring(1) + ", ";
  }

  private static String reason(DatabindException e) {
    if (e.getCause() instanceof IllegalArgumentException ours) {
      return String.valueOf(ours.getMessage());
    }
    boolean missing =
        e instanceof MismatchedInputException mismatch
            && mismatch.getTargetType() != null
            && mismatch.getTargetType().isPrimitive()
            && e.getOriginalMessage().contains("`null`");
    return missing ? "the value is missing" : e.getOriginalMessage();
  }

  private static EngineException invalid(String where, String problem, Exception cause) {
    return new EngineException(
        EngineException.Kind.MODEL_UNAVAILABLE,
        "The manifest " + where + " is not valid: " + problem + ".",
        cause);
  }
}
