package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/provinces"
	"clearingd/provinces/bus"
	"clearingd/provinces/registry"
)

func (a *app) registryCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "registry",
		Short: a.say("登记：参保、备案、卡证、累计；医药机构", "the register: people, filings, cards, accumulations; providers"),
		Long: a.say("参保地经办机构发布和查看人员登记，就医地经办机构发布和查看医药机构登记。文档格式见 docs/registry-interface.zh.md。",
			"Home-region agencies publish and look up their people, treatment-region agencies their providers.\ndocs/registry-interface.md explains the documents."),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.registrySendCommand(), a.registryShowCommand(), a.registryProviderCommand(), a.registryRefusalsCommand(), a.registryKeyCommand(), a.registrySampleCommand())
	return c
}

func (a *app) registrySendCommand() *cobra.Command {
	var unchecked bool
	c := &cobra.Command{
		Use:   "send [FILE]",
		Short: a.say("发布登记文档", "publish registry documents"),
		Long: a.say(`发布文档。FILE 缺省或为 - 时读标准输入；一个接一个的 JSON 对象，主题由 doctype 与 insuplc_admdvs 得出（医药机构为 mdtrtarea_admvs）。
先在本地检查全部文档，有误则一份也不发布。重复发布同一文档无害。是否被接受，见 registry refusals。`,
			`Publishes documents. Without FILE, or with -, they are read from standard input: JSON objects one after
another; the subject follows from doctype and insuplc_admdvs (of a provider mdtrtarea_admvs). All are checked
first; if one is wrong none is published. Publishing a document again is harmless. What was refused is listed by registry refusals.`),
		Example: `
  clearctl registry send documents.ndjson
  clearctl registry send < filing.json`,
	}
	c.Flags().BoolVar(&unchecked, "unchecked", false, a.say("不检查内容，只要能得出主题即发布", "do not check more than is needed for the subject"))
	return a.command(c, cobra.MaximumNArgs(1), func(c *cobra.Command, args []string) error {
		file := "-"
		if len(args) == 1 {
			file = args[0]
		}
		data, err := a.readFile(file)
		if err != nil {
			return err
		}
		documents, err := readDocuments(data, unchecked)
		if err != nil {
			return err
		}
		return a.sendDocuments(c.Context(), documents)
	})
}

// readDocuments reads documents and finds their subjects.
func readDocuments(data []byte, unchecked bool) ([]bus.Outgoing, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	var documents []bus.Outgoing
	var wrongZH, wrongEN []string
	for n := 1; ; n++ {
		var body json.RawMessage
		err := decoder.Decode(&body)
		where := lineAt(data, decoder.InputOffset())
		switch {
		case errors.Is(err, io.EOF) && len(wrongEN) > 0:
			return nil, usageError(strings.Join(wrongZH, "\n"), strings.Join(wrongEN, "\n"))
		case errors.Is(err, io.EOF) && len(documents) == 0:
			return nil, usageError("没有文档", "no documents")
		case errors.Is(err, io.EOF):
			return documents, nil
		case err != nil:
			return nil, usageError("第 "+where+" 行起不是 JSON："+err.Error(), "not JSON from line "+where+": "+err.Error())
		}
		registration, err := registry.Dialect{}.Decode(body)
		if unchecked && registration.Kind != "" && registration.Area != "" {
			err = nil
		}
		if err != nil {
			zh, en := refusalWords(err)
			wrongZH = append(wrongZH, fmt.Sprintf("第 %d 份文档（到第 %s 行为止）：%s", n, where, zh))
			wrongEN = append(wrongEN, fmt.Sprintf("document %d, which ends in line %s: %s", n, where, en))
			continue
		}
		documents = append(documents, bus.Outgoing{Subject: provinces.RegistrySubject(registration.Area.Province(), registration.Kind), Body: body})
	}
}

// refusalWords says what is wrong with a document, and where.
func refusalWords(err error) (zh, en string) {
	var refusal *provinces.RejectError
	if !errors.As(err, &refusal) {
		return err.Error(), err.Error()
	}
	var places []string
	for _, e := range refusal.Errors {
		places = append(places, withExpected(e))
	}
	text, at := refusal.Code.Text(), strings.Join(places, ", ")
	return fmt.Sprintf("%d %s：%s", refusal.Code, text.ZH, at), fmt.Sprintf("%d %s: %s", refusal.Code, text.EN, at)
}

// withExpected is a wrong place with what would be right there, if that can be said.
func withExpected(e provinces.FieldError) string {
	if e.Expected == "" {
		return e.Field
	}
	return e.Field + " (" + printable(e.Expected) + ")"
}

func (a *app) sendDocuments(ctx context.Context, documents []bus.Outgoing) error {
	ctx, cancel := a.bounded(ctx)
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	progress := a.startProgress(a.say("已发布", "published"))
	stored := 0
	for part := range slices.Chunk(documents, portion) {
		for i, result := range b.PublishClaims(ctx, part) {
			for try := 1; unknown(result) && try < attempts && ctx.Err() == nil; try++ {
				result.Stored, result.Already, result.Err = b.PublishClaim(ctx, part[i].Subject, part[i].Body)
			}
			if result.Err != nil {
				progress.done()
				zh, en := publishError(result.Err)
				return no(fmt.Sprintf("已发布 %d 份，其后中止：%s", stored, zh), fmt.Sprintf("%d documents published, then: %s", stored, en))
			}
			stored++
		}
		progress.at(stored, len(documents))
	}
	progress.done()
	return a.show(map[string]int{"published": stored}, func() {
		a.printf("已发布 %d 份文档；被拒绝的见 clearctl registry refusals", "%d documents published; what is refused of them is listed by clearctl registry refusals", stored)
	})
}
