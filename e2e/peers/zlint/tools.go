//go:build tools

// Package tools makes zlint's command a dependency of this module, so that go.sum covers its build.
package tools

import _ "github.com/zmap/zlint/v3/cmd/zlint"
