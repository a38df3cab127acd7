package io.signet.ca.app;

import io.signet.ca.rotation.Changes;
import io.signet.ca.rotation.Leadership;
import io.signet.ca.rotation.Replicas;

/** The servers that share one store, as this one sees them. */
record Cluster(Replicas replicas, Changes changes, Leadership leadership) {}
