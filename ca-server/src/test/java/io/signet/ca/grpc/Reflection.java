package io.signet.ca.grpc;

import io.grpc.ManagedChannel;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Asks a server what it serves. */
final class Reflection {
  private Reflection() {}

  static List<String> services(ManagedChannel channel) {
    var answer = new CompletableFuture<ServerReflectionResponse>();
    var asking = ServerReflectionGrpc.newStub(channel).serverReflectionInfo(first(answer));
    asking.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    return answer.join().getListServicesResponse().getServiceList().stream()
        .map(ServiceResponse::getName)
        .toList();
  }

  private static StreamObserver<ServerReflectionResponse> first(
      CompletableFuture<ServerReflectionResponse> answer) {
    return new StreamObserver<>() {
      @Override
      public void onNext(ServerReflectionResponse response) {
        answer.complete(response);
      }

      @Override
      public void onError(Throwable failure) {
        answer.completeExceptionally(failure);
      }

      @Override
      public void onCompleted() {}
    };
  }
}
