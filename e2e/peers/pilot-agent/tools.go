//go:build tools

// Package tools makes the agent's command a dependency of this module, so that go.sum covers its build.
package tools

import _ "istio.io/istio/pilot/cmd/pilot-agent"
