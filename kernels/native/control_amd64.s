#include "textflag.h"

// func control() uint64
TEXT ·control(SB), NOSPLIT, $8-8
	MOVQ    $0, word-8(SP)
	STMXCSR word-8(SP)
	MOVQ    word-8(SP), AX
	MOVQ    AX, ret+0(FP)
	RET

// func setControl(v uint64)
TEXT ·setControl(SB), NOSPLIT, $8-8
	MOVQ    v+0(FP), AX
	MOVQ    AX, word-8(SP)
	LDMXCSR word-8(SP)
	RET
