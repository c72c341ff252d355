package io.diptych.http.access;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Whether callers need credentials, and whether only this machine can reach the service.
 *
 * @param authenticated whether every request needs a credential
 * @param loopback whether the service is bound to the loopback interface
 */
record AccessPolicy(boolean authenticated, boolean loopback) {

  /**
   * @param address what the service listens on; null is every interface
   * @param meansConfigured whether an issuer of tokens or an admin key is configured
   */
  static AccessPolicy of(
      SecurityProperties.Mode mode, @Nullable InetAddress address, boolean meansConfigured) {
    boolean loopback = address != null && address.isLoopbackAddress();
    return switch (mode) {
      case REQUIRED -> new AccessPolicy(true, loopback);
      case OFF -> new AccessPolicy(false, loopback);
      case AUTO -> new AccessPolicy(!loopback || meansConfigured, loopback);
    };
  }
}
