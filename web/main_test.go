package web_test

import (
	"os"
	"testing"

	"hearth/web/hearthtest"
)

func TestMain(m *testing.M) { os.Exit(hearthtest.Main(m)) }
