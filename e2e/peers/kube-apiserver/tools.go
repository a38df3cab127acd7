//go:build tools

// Package tools makes the API server's command a dependency of this module, so that go.sum covers its build.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver"
