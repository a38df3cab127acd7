package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SpiedCallsTest {

  private static List<String> secretsIn(String attribute) {
    String call =
        "239: C_GetAttributeValue\n[out] pTemplate[1]:\n    " + attribute + "\nReturned:\n";
    return new SpiedCalls(List.of(call)).secretValues();
  }

  @Test
  void secretValues_scalarOfAnEcKey_found() {
    assertThat(
            secretsIn(
                """
                CKA_VALUE             00007f326c72fd60 / 32
                    00000000  D4 FC 76 53 19 12 22 E4 3B 2A 4F 31 0A 47 8B 0D  ..vS..".;*O1.G..
                    00000010  74 33 72 A6 79 1D 2D 94 72 CF 1D 0C 5A 4E B8 C8  t3r.y.-.r...ZN..\
                """))
        .hasSize(1);
  }

  @Test
  void secretValues_exponentOfAnRsaKey_found() {
    assertThat(
            secretsIn(
                """
                CKA_PRIVATE_EXPONENT  00007f326c72fd60 / 256
                    00000000  30 82 01 39 19 12 22 E4 3B 2A 4F 31 0A 47 8B 0D  0..9..".;*O1.G..\
                """))
        .hasSize(1);
  }

  @Test
  void secretValues_certificate_none() {
    assertThat(
            secretsIn(
                """
                CKA_VALUE             00007f326c72fd60 / 317
                    00000000  30 82 01 39 30 81 E0 02 11 00 D9 49 91 AF 15 F4  0..90......I....\
                """))
        .isEmpty();
  }

  @Test
  void secretValues_refusedOrOnlyItsLength_none() {
    assertThat(secretsIn("CKA_VALUE             0000000000000000 / -1")).isEmpty();
    assertThat(secretsIn("CKA_VALUE             0000000000000000 / 32")).isEmpty();
  }

  @Test
  void of_function_itsCallsOnly() {
    var calls = new SpiedCalls(List.of("1: C_Sign\n", "2: C_SignInit\n", "3: C_Sign\n"));
    assertThat(calls.of("C_Sign")).containsExactly("1: C_Sign\n", "3: C_Sign\n");
  }

  @Test
  void signedDigests_evenOfACallThatHasNotReturned_inHex() {
    var calls =
        SpiedCalls.parse(
            """
            232: C_SignInit
            [in] hKey = 0x6
            Returned:  0 CKR_OK

            233: C_Sign
            [in] pData[ulDataLen] 00007f326c7296a0 / 32
                00000000  D4 FC 76 53 19 12 22 E4 3B 2A 4F 31 0A 47 8B 0D  ..vS..".;*O1.G..
                00000010  74 33 72 A6 79 1D 2D 94 72 CF 1D 0C 5A 4E B8 C8  t3r.y.-.r...ZN..
            """);
    assertThat(calls.signedDigests())
        .containsExactly("d4fc7653191222e43b2a4f310a478b0d743372a6791d2d9472cf1d0c5a4eb8c8");
  }
}
