package io.diptych.engine.backbone;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.diptych.engine.Backbone;
import io.diptych.engine.BackboneInfo;
import io.diptych.engine.CheckedRequest;
import io.diptych.engine.Concept;
import io.diptych.engine.DecompositionOptions;
import io.diptych.engine.EngineException;
import io.diptych.engine.GenerationRequest;
import io.diptych.engine.RunControl;
import io.diptych.engine.RunStoppedException;
import io.diptych.engine.Sampling;
import io.diptych.engine.csd.ConceptCheck;
import io.diptych.engine.csd.ConceptText;
import io.diptych.engine.csd.CsdProgram;
import io.diptych.engine.csd.CsdVar;
import io.diptych.engine.csd.MemoryWindows;
import io.diptych.engine.csd.SubConcepts;
import io.diptych.engine.program.Program;
import io.diptych.engine.sample.Sampler;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.switti.SwittiArchitecture;
import io.diptych.engine.text.TextEncoder;
import io.diptych.engine.text.TextEncoders;
import io.diptych.engine.vqvae.Vqvae;
import io.diptych.engine.vqvae.VqvaeArchitecture;
import io.diptych.engine.weights.ModelManifest;
import io.diptych.engine.weights.ModelSource;
import io.diptych.engine.weights.TensorFile;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A Switti model with its VQ-VAE and text encoders on one device, and CSD-VAR on top of it. */
public final class SwittiBackbone implements Backbone {

  private final ModelManifest manifest;
  private final Device device;
  private final long parameters;
  private final NDManager manager;
  private final List<TextEncoder> encoders;
  private final Vqvae vqvae;
  private final Switti switti;
  private final Sampler sampler;
  private final ConceptText text;
  private final PromptText prompts;
  private final CsdVar csdVar;

  private SwittiBackbone(
      ModelSource source, Device device, SubConcepts subConcepts, NDManager manager) {
    this.manifest = source.manifest();
    this.device = device;
    this.manager = manager;
    VqvaeArchitecture vqvaeArchitecture = VqvaeArchitecture.of(manifest);
    SwittiArchitecture swittiArchitecture = SwittiArchitecture.of(manifest);
    long count = 0;
    try (TensorFile file = source.weights("vqvae")) {
      var weights = vqvaeArchitecture.tensors().load(file, manager, DataType.FLOAT32);
      count += weights.size();
      this.vqvae = new Vqvae(vqvaeArchitecture, weights, manager);
    }
    try (TensorFile file = source.weights("switti")) {
      var weights = swittiArchitecture.tensors().load(file, manager, DataType.FLOAT32);
      count += weights.size();
      this.switti = new Switti(swittiArchitecture, weights, manager);
    }
    this.encoders = TextEncoders.load(source, manager, DataType.FLOAT32);
    this.parameters = count + encoders.stream().mapToLong(TextEncoder::parameters).sum();
    this.sampler = new Sampler(switti, vqvae, manager);
    CsdProgram program = new CsdProgram(manifest.scales(), manager);
    this.text = new ConceptText(encoders, program, manager);
    this.prompts = new PromptText(text);
    this.csdVar =
        new CsdVar(new CsdVar.Models(switti, vqvae, program, text, manifest), subConcepts, manager);
  }

  /**
   * Loads a model.
   *
   * @param device where to: {@code cpu}, {@code gpu0}, ...; fp32 there
   * @param subConcepts where the sub-concepts of a word come from when a request gives none
   * @throws EngineException of kind {@code MODEL_UNAVAILABLE} when a file is missing or damaged, or
   *     there is no such device
   */
  public static SwittiBackbone load(
      ModelSource source, String deviceName, SubConcepts subConcepts) {
    Device device = device(deviceName);
    NDManager manager = NDManager.newBaseManager(device);
    try {
      return new SwittiBackbone(source, device, subConcepts, manager);
    } catch (RuntimeException e) {
      manager.close();
      throw Program.translated(e);
    } catch (Error e) {
      manager.close();
      throw e;
    }
  }

  private static Device device(String name) {
    List<String> present = new ArrayList<>(List.of("cpu"));
    for (int i = 0; i < Engine.getInstance().getGpuCount(); i++) {
      present.add("gpu" + i);
    }
    if (!present.contains(name)) {
      throw new EngineException(
          EngineException.Kind.MODEL_UNAVAILABLE,
          "There is no device "
              + name
              + " here; there is "
              + String.join(", ", present)
              + (present.size() == 1 ? " alone, as CUDA finds no GPU." : "."));
    }
    return Device.fromName(name);
  }

  @Override
  public BackboneInfo info() {
    return new BackboneInfo(
        manifest.name(),
        manifest.digest(),
        manifest.resolution(),
        manifest.scales(),
        manifest.licence(),
        device.isGpu() ? "gpu" + device.getDeviceId() : "cpu",
        parameters);
  }

  @Override
  public Sampling defaultSampling() {
    return manifest.defaults().sampling().toSampling();
  }

  @Override
  public DecompositionOptions defaultOptions(
      @Nullable String contentWord, @Nullable String styleWord, long seed) {
    return manifest.defaults().decomposition().toOptions(contentWord, styleWord, seed);
  }

  @Override
  public void validate(DecompositionOptions options) {
    csdVar.validate(options);
  }

  @Override
  public CheckedRequest check(GenerationRequest request) {
    for (Concept concept : concepts(request)) {
      if (!concept.metadata().backboneDigest().equals(manifest.digest())) {
        throw new EngineException(
            EngineException.Kind.INCOMPATIBLE_CONCEPT,
            "The concept was learned on "
                + concept.metadata().backboneName()
                + " (digest "
                + abbreviated(concept.metadata().backboneDigest())
                + "), but this model is "
                + manifest.name()
                + " ("
                + abbreviated(manifest.digest())
                + "). Decompose the picture again on this model.");
      }
      ConceptCheck.require(concept, manifest);
    }
    request.validate(manifest.scales().size());
    return new Checked(manifest.digest(), request, prompts.tokenize(request));
  }

  /**
   * A request that was checked.
   *
   * @param modelDigest of the model that has checked it
   */
  private record Checked(String modelDigest, GenerationRequest request, PromptText.Tokens tokens)
      implements CheckedRequest {

    @Override
    public Checked ofImage(int index) {
      return new Checked(modelDigest, request.ofImage(index), tokens);
    }
  }

  private Checked own(CheckedRequest checked) {
    if (checked instanceof Checked own && own.modelDigest.equals(manifest.digest())) {
      return own;
    }
    throw new IllegalArgumentException("The request was checked by another model.");
  }

  @Override
  public Concept decompose(BufferedImage image, DecompositionOptions options, RunControl control) {
    try {
      return csdVar.decompose(image, options, control);
    } catch (RuntimeException e) {
      throw Program.translated(e);
    }
  }

  @Override
  public List<BufferedImage> generate(List<CheckedRequest> checked, BooleanSupplier stop) {
    List<GenerationRequest> batch = checked.stream().map(CheckedRequest::request).toList();
    if (batch.stream().map(GenerationRequest::batchKey).distinct().count() != 1) {
      throw new IllegalArgumentException("Requests of one batch must have one batch key.");
    }
    List<Checked> own = checked.stream().map(this::own).toList();
    try (NDManager scope = manager.newSubManager()) {
      List<Sampler.Row> rows = new ArrayList<>();
      for (Checked each : own) {
        GenerationRequest request = each.request();
        rows.add(
            new Sampler.Row(
                prompts.encode(scope, request, each.tokens()),
                request.seed(),
                request.imageIndex(),
                request.sampling()));
      }
      SwittiArchitecture architecture = switti.architecture();
      Sampler.Sampled sampled =
          sampler.sample(
              scope,
              rows,
              text.empty(),
              PromptMemories.of(scope, batch, MemoryWindows.of(architecture), architecture.width()),
              (scale, logits) -> {
                if (stop.getAsBoolean()) {
                  throw new RunStoppedException(scale + 1);
                }
              });
      return vqvae.pictures(scope, sampled.image());
    } catch (RuntimeException e) {
      throw Program.translated(e);
    }
  }

  @Override
  public boolean responds() {
    try (NDManager scope = manager.newSubManager()) {
      return scope.create(1f).add(1f).getFloat() == 2f;
    } catch (RuntimeException e) {
      // Memory may be full, or this model closed: the device itself is well.
      return !(Program.translated(e) instanceof EngineException known
          && known.kind() == EngineException.Kind.DEVICE_FAILURE);
    }
  }

  /** Owner of everything the backbone keeps on its device, for those who watch memory. */
  public NDManager manager() {
    return manager;
  }

  private static List<Concept> concepts(GenerationRequest request) {
    List<Concept> concepts = new ArrayList<>();
    if (request.content() != null) {
      concepts.add(request.content());
    }
    if (request.style() != null) {
      concepts.add(request.style());
    }
    return concepts;
  }

  private static String abbreviated(String digest) {
    return digest.substring(0, Math.min(12, digest.length()));
  }

  /** Ends all programs and frees all weights; calls in flight fail. */
  @Override
  public void close() {
    encoders.forEach(TextEncoder::close);
    manager.close();
  }
}
