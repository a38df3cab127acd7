package io.signet.sds.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.BuildVersion;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.type.v3.SemanticVersion;
import io.signet.sds.BundleForm;
import io.signet.sds.Naming;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a node may say about the form of its bundles (NAME-7, SC-15, SET-7). */
class NodeFormTest {
  private static final Naming LISTENER = Naming.STANDARD.in(BundleForm.SPIFFE_VALIDATOR);

  @Test
  void form_saysNothing_isTheListeners() {
    assertThat(form(Node.getDefaultInstance())).isEqualTo(BundleForm.SPIFFE_VALIDATOR);
  }

  @ParameterizedTest
  @CsvSource({"true,TRUSTED_CA_ONLY", "false,SPIFFE_VALIDATOR"})
  void form_optOutAsBool_counts(boolean value, BundleForm expected) {
    assertThat(form(saying(Value.newBuilder().setBoolValue(value)))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "true,TRUSTED_CA_ONLY",
    "True,TRUSTED_CA_ONLY",
    "1,TRUSTED_CA_ONLY",
    "t,TRUSTED_CA_ONLY",
    "false,SPIFFE_VALIDATOR",
    "yes,SPIFFE_VALIDATOR",
    "'',SPIFFE_VALIDATOR"
  })
  void form_optOutAsText_countsAsGoReadsIt(String value, BundleForm expected) {
    assertThat(form(saying(Value.newBuilder().setStringValue(value)))).isEqualTo(expected);
  }

  @Test // SET-7
  void form_optOutOfWrongType_isIgnored() {
    assertThat(form(saying(Value.newBuilder().setStructValue(Struct.getDefaultInstance()))))
        .isEqualTo(BundleForm.SPIFFE_VALIDATOR);
    assertThat(form(saying(Value.newBuilder().setNumberValue(1))))
        .isEqualTo(BundleForm.SPIFFE_VALIDATOR);
    assertThat(form(saying(Value.newBuilder()))).isEqualTo(BundleForm.SPIFFE_VALIDATOR);
  }

  @ParameterizedTest
  @CsvSource({
    "1,17,TRUSTED_CA_ONLY",
    "1,18,SPIFFE_VALIDATOR",
    "0,5,SPIFFE_VALIDATOR",
    "2,3,SPIFFE_VALIDATOR"
  })
  void form_buildVersion_oldOnesHaveNoValidator(int major, int minor, BundleForm expected) {
    var version = SemanticVersion.newBuilder().setMajorNumber(major).setMinorNumber(minor);
    var node =
        Node.newBuilder()
            .setUserAgentBuildVersion(BuildVersion.newBuilder().setVersion(version))
            .build();

    assertThat(form(node)).isEqualTo(expected);
  }

  @Test // SET-7: one of these ends spire-agent
  void form_buildVersionWithoutVersion_isIgnored() {
    var node =
        Node.newBuilder().setUserAgentBuildVersion(BuildVersion.getDefaultInstance()).build();

    assertThat(form(node)).isEqualTo(BundleForm.SPIFFE_VALIDATOR);
  }

  private static Node saying(Value.Builder value) {
    return Node.newBuilder()
        .setMetadata(Struct.newBuilder().putFields("disable_spiffe_cert_validation", value.build()))
        .build();
  }

  private static BundleForm form(Node node) {
    return NodeForm.of(LISTENER, node).form();
  }
}
