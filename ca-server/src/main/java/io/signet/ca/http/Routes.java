package io.signet.ca.http;

import io.vertx.ext.web.Router;

/** A part of the operator plane. Its handlers run on an event loop and never block it. */
@FunctionalInterface
public interface Routes {
  void mount(Router router);
}
