//go:build amd64 && !purego

package imageio

import (
	"testing"

	"golang.org/x/sys/cpu"
)

// TestResizeLevels takes away from the processor what the faster loops need, so that one run compares all of them.
func TestResizeLevels(t *testing.T) {
	was := cpu.X86
	defer func() { cpu.X86 = was }()
	cpu.X86.HasAVX512VNNI = false
	t.Run("without AVX-512", resizeLoops)
	cpu.X86.HasAVX2 = false
	t.Run("without AVX2", resizeLoops)
}
