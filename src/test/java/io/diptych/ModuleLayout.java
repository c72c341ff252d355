package io.diptych;

import java.util.stream.Stream;
import org.springframework.modulith.core.ApplicationModuleDetectionStrategy;
import org.springframework.modulith.core.ApplicationModuleInformation;
import org.springframework.modulith.core.JavaPackage;
import org.springframework.modulith.core.NamedInterfaces;

/**
 * A module is a package directly below the root. Its public types may be used by others, those of
 * its sub-packages too, but for those of its {@code web} package. Said here and not by annotations,
 * since the engine must not see Spring.
 */
public class ModuleLayout implements ApplicationModuleDetectionStrategy {

  @Override
  public Stream<JavaPackage> getModuleBasePackages(JavaPackage root) {
    return ApplicationModuleDetectionStrategy.directSubPackage().getModuleBasePackages(root);
  }

  @Override
  public NamedInterfaces detectNamedInterfaces(
      JavaPackage base, ApplicationModuleInformation information) {
    return NamedInterfaces.builder(base)
        .recursive()
        .including(subPackage -> !subPackage.getLocalName().equals("web"))
        .build();
  }
}
