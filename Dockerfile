# syntax=docker/dockerfile:1
#
# Two images from one file:
#
#   docker build --target cpu -t diptych:cpu .     (default; x86-64 and arm64)
#   docker build --target gpu -t diptych:gpu .     (x86-64, NVIDIA driver 570 or newer on the host)

ARG JDK_IMAGE=eclipse-temurin:17-jdk-noble
ARG JRE_IMAGE=eclipse-temurin:25-jre-noble

# --- The jar, taken apart into layers that change at different speeds ----------------------------
# JDK 17 is what the sources are written for; its warnings are errors.
FROM ${JDK_IMAGE} AS build
WORKDIR /source
COPY mvnw pom.xml ATTRIBUTION.md ./
COPY .mvn .mvn
COPY src/main src/main
# Tests and the format check have run before anybody builds an image.
RUN --mount=type=cache,target=/root/.m2 \
    ./mvnw --batch-mode --no-transfer-progress -Dmaven.test.skip=true -Dspotless.check.skip=true \
        package \
    && cp target/diptych-*.jar diptych.jar
RUN java -Djarmode=tools -jar diptych.jar extract --layers --launcher --destination layers

# --- libtorch with CUDA --------------------------------------------------------------------------
# Maven Central has no CUDA libraries for this version. The archive is the one that DJL's JNI
# library (flavour cu128, in the jar) was built against; another version or flavour will not load.
FROM ${JRE_IMAGE} AS libtorch
ARG LIBTORCH_VERSION=2.7.1
ARG LIBTORCH_URL=https://download.pytorch.org/libtorch/cu128/libtorch-cxx11-abi-shared-with-deps-${LIBTORCH_VERSION}%2Bcu128.zip
# Give the digest that you trust; without one the build prints what it got.
ARG LIBTORCH_SHA256=
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends curl unzip \
    && rm -rf /var/lib/apt/lists/*
# Libraries for Python cannot be loaded without it, and DJL loads whatever lies in the folder. It
# counts the GPUs through a library called just libcudart.so.
RUN curl --fail --silent --show-error --location --retry 3 --output /tmp/libtorch.zip "${LIBTORCH_URL}" \
    && sha256sum /tmp/libtorch.zip \
    && if [ -n "${LIBTORCH_SHA256}" ]; then \
         echo "${LIBTORCH_SHA256}  /tmp/libtorch.zip" | sha256sum --check --strict -; \
       fi \
    && mkdir -p /opt/libtorch \
    && unzip -q -j /tmp/libtorch.zip 'libtorch/lib/*.so*' -d /opt/libtorch/lib \
    && rm -f /tmp/libtorch.zip /opt/libtorch/lib/libtorch_python.so \
         /opt/libtorch/lib/libnnapi_backend.so \
    && cudart=$(find /opt/libtorch/lib -name 'libcudart*.so.12*' -printf '%f\n' | sort | head -n 1) \
    && test -n "${cudart}" \
    && ln -sf "${cudart}" /opt/libtorch/lib/libcudart.so

# --- What both images share ----------------------------------------------------------------------
FROM ${JRE_IMAGE} AS runtime
# For the health checks of Compose.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 10001 diptych \
    && useradd --system --uid 10001 --gid diptych --no-create-home --home-dir /var/lib/diptych \
         --shell /usr/sbin/nologin diptych \
    && install --directory --owner=diptych --group=diptych --mode=0750 /var/lib/diptych
# The only places that are written: this folder and /tmp. The rest may be read-only.
WORKDIR /var/lib/diptych
VOLUME /var/lib/diptych
ENV HOME=/var/lib/diptych \
    # libtorch and the tokenizers unpack their native libraries here at the first start.
    DJL_CACHE_DIR=/var/lib/diptych/natives \
    # The heap's part of the memory limit: tensors live outside it. An API process has none, and
    # wants more (docs/operations.md, Sizing).
    JDK_JAVA_OPTIONS=-XX:MaxRAMPercentage=25 \
    # Lanes share the cores. By default a thread of libtorch that waits for its next piece of work
    # spins, and takes the core from the lane that has some.
    OMP_WAIT_POLICY=PASSIVE \
    # One JSON object a line, for whatever collects the logs of containers.
    LOGGING_STRUCTURED_FORMAT_CONSOLE=ecs \
    # In a container the loopback interface reaches nobody. The service then asks for credentials.
    SERVER_ADDRESS=0.0.0.0 \
    # Health and meters have a port of their own, so that no ingress can publish them by accident.
    MANAGEMENT_SERVER_PORT=8081 \
    MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE=health,info,prometheus
COPY --from=build /source/layers/dependencies/ /opt/diptych/
COPY --from=build /source/layers/spring-boot-loader/ /opt/diptych/
COPY --from=build /source/layers/snapshot-dependencies/ /opt/diptych/
COPY --from=build /source/layers/application/ /opt/diptych/
EXPOSE 8080 8081
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
# No HEALTHCHECK: Kubernetes ignores it, the right question depends on the role, and Docker's answer
# (to mark the container) helps nobody without an orchestrator. Compose and the chart bring theirs.
#
# More options: JDK_JAVA_OPTIONS.
ENTRYPOINT ["java", "-XX:+ExitOnOutOfMemoryError", "--enable-native-access=ALL-UNNAMED", "-cp", "/opt/diptych", "org.springframework.boot.loader.launch.JarLauncher"]

FROM runtime AS gpu
COPY --from=libtorch /opt/libtorch /opt/libtorch
# The driver's own libraries are mounted by the NVIDIA container toolkit.
ENV PYTORCH_LIBRARY_PATH=/opt/libtorch/lib \
    # Without this DJL looks for a flavour of its JNI library that is not published.
    PYTORCH_FLAVOR=cu128 \
    LD_LIBRARY_PATH=/opt/libtorch/lib \
    # fp32 is fp32, as on a CPU: by default convolutions would keep 10 bits of 23.
    NVIDIA_TF32_OVERRIDE=0 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

# Last, and so the default.
FROM runtime AS cpu
