package io.diptych.engine.csd;

import static io.diptych.engine.GoldenModels.assertAgreement;
import static io.diptych.engine.GoldenModels.distance;
import static io.diptych.engine.GoldenModels.relativeDistance;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.diptych.engine.DecompositionOptions.Profile;
import io.diptych.engine.GoldenModels;
import io.diptych.engine.StepReport.Kind;
import io.diptych.engine.csd.ScaleGroups.Range;
import io.diptych.engine.switti.Memories;
import io.diptych.engine.switti.Switti;
import io.diptych.engine.weights.FormulaWeights;
import io.diptych.engine.weights.Safetensors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CsdGoldenTest {

  @ParameterizedTest
  @EnumSource(names = {"STYLE", "CONTENT"})
  void lossLogitsAndGradientsOfAStepAreTheReferences(Kind kind) {
    String name = kind == Kind.STYLE ? "style" : "content";
    ScaleGroups groups = new ScaleGroups(GoldenModels.SIDES, Profile.OFFICIAL_CODE, 0.1, null);
    try (NDManager manager = NDManager.newBaseManager();
        Safetensors golden = FormulaWeights.golden("csd-var");
        Switti switti = GoldenModels.switti(true, manager);
        CsdProgram csd = new CsdProgram(GoldenModels.SIDES, manager)) {
      List<String> learned =
          List.of(
              "prompt_embeds." + name,
              "pooled.full",
              "memory.style.k",
              "memory.style.v",
              "memory.content.k",
              "memory.content.v");
      List<NDArray> leaves = new ArrayList<>();
      for (String tensor : learned) {
        NDArray leaf = golden.load(tensor, manager).duplicate();
        leaf.setRequiresGradient(true);
        leaves.add(leaf);
      }
      NDArray keys = csd.memory(manager, List.of(leaves.get(2), leaves.get(4)));
      NDArray values = csd.memory(manager, List.of(leaves.get(3), leaves.get(5)));
      Memories memories =
          MemoryWindows.of(switti.architecture())
              .memories(
                  List.of(0),
                  List.of(csd.join(manager, List.of(keys, keys), 0)),
                  List.of(csd.join(manager, List.of(values, values), 0)),
                  1,
                  1,
                  null);
      Switti.Prepared prepared =
          switti.prepare(manager, leaves.get(0), null, leaves.get(1), null, true);
      Range range = groups.computed(kind, true).get(0);
      NDArray logits =
          switti
              .teacherForced(
                  manager,
                  prepared,
                  golden.load("switti_input", manager),
                  range.first(),
                  range.last(),
                  memories,
                  true)
              .logits();
      assertAgreement(
          "csd " + name + " step logits",
          distance(logits, golden.load(name + "_step.logits", manager)),
          1e-4);
      NDArray weights = manager.create(groups.tokenWeights(kind, range));
      NDArray loss =
          csd.loss(manager, logits, golden.load("target_tokens", manager), weights, 0).loss();
      assertAgreement(
          "csd " + name + " step loss",
          distance(loss.reshape(1), golden.load(name + "_step.loss", manager)),
          1e-4);
      NDList gradients = csd.gradients(manager, loss, leaves);
      for (int i = 0; i < learned.size(); i++) {
        String tensor =
            name
                + "_step.grad."
                + learned
                    .get(i)
                    .replace("prompt_embeds." + name, "prompt_embeds")
                    .replace("pooled.full", "pooled");
        assertAgreement(
            "csd " + tensor + " (relative)",
            relativeDistance(gradients.get(i), golden.load(tensor, manager)),
            1e-4);
      }
    }
  }
}
