package io.signet.sds.envoy;

import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.BuildVersion;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.type.v3.SemanticVersion;
import io.signet.sds.BundleForm;
import io.signet.sds.Naming;
import java.util.Set;

/**
 * What a node says about the form in which it can be told whom to trust (NAME-7). It may leave out
 * what it likes: whatever it says, nothing is refused for it (SET-7).
 */
final class NodeForm {
  private static final String OPT_OUT = "disable_spiffe_cert_validation";

  // As Go reads a boolean, for that is what SPIRE's users have in their files.
  private static final Set<String> TRUE = Set.of("1", "t", "T", "TRUE", "true", "True");

  // The SPIFFE validator came with 1.18.
  private static final int MAJOR = 1;
  private static final int LAST_MINOR_WITHOUT = 17;

  private NodeForm() {}

  /** The names of the listener, in a form that this node understands. */
  static Naming of(Naming listener, Node node) {
    return isOptedOut(node) || isOld(node) ? listener.in(BundleForm.TRUSTED_CA_ONLY) : listener;
  }

  private static boolean isOptedOut(Node node) {
    Value says = node.getMetadata().getFieldsOrDefault(OPT_OUT, Value.getDefaultInstance());
    return switch (says.getKindCase()) {
      case BOOL_VALUE -> says.getBoolValue();
      case STRING_VALUE -> TRUE.contains(says.getStringValue());
      default -> false;
    };
  }

  private static boolean isOld(Node node) {
    BuildVersion build = node.getUserAgentBuildVersion();
    if (!build.hasVersion()) {
      return false;
    }
    SemanticVersion version = build.getVersion();
    return version.getMajorNumber() == MAJOR && version.getMinorNumber() <= LAST_MINOR_WITHOUT;
  }
}
