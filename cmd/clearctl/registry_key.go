package main

import (
	"encoding/hex"
	"fmt"

	"github.com/spf13/cobra"

	"clearingd/clearing"
	"clearingd/clearing/sim"
	"clearingd/config"
)

func (a *app) registryKeyCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "key HOME --key-file FILE",
		Short: a.say("得出一省的证件散列密钥", "derive a province's key for certificate hashes"),
		Long: a.say("运维人员把它交给该省经办机构，使其可以发布证件散列而不发布号码。FILE 为 clearingd 的假名密钥文件。",
			"Operators hand it to the province's agency, which can then publish hashes of certificates in place of their\nnumbers. FILE is clearingd's pseudonym key."),
		Example: `
  clearctl registry key 65 --key-file /var/lib/clearingd/pseudonym.key`,
	}
	c.Flags().StringVar(&file, "key-file", "", a.say("假名密钥文件", "file of the pseudonym key"))
	_ = c.MarkFlagRequired("key-file")
	return a.command(c, cobra.ExactArgs(1), func(_ *cobra.Command, args []string) error {
		home, err := provinceArgument(args[0])
		if err != nil {
			return err
		}
		key, err := config.Config{Pseudonym: config.Pseudonym{KeyFile: file}}.OpenPseudonymKey(false)
		if err != nil {
			return usageError("读不了密钥："+err.Error(), err.Error())
		}
		derived := hex.EncodeToString(clearing.NewPseudonyms([]byte(key.Reveal())).HomeKey(home))
		return a.show(map[string]string{"home": string(home), "key": derived}, func() { fmt.Fprintln(a.out, derived) })
	})
}

func (a *app) registrySampleCommand() *cobra.Command {
	var hospitals bool
	c := &cobra.Command{
		Use:   "sample [FILE]",
		Short: a.say("为演示样例生成登记文档", "build the register of a sample's people"),
		Long: a.say("读 clearctl sample 的输出，写出其中人员的登记文档（每行一份），供登记制演示；加 --providers 则写出其中\n医疗机构的登记，部分机构带虚构的类别。",
			"Reads what clearctl sample wrote and writes the register of its people, one document a line, so that a\ndemonstration can run where people are registered; with --providers that of its hospitals, some of\nthem with invented traits."),
		Example: `
  clearctl sample --seed 1 --count 2000 --day 2026-03-18 --out day.ndjson
  clearctl registry sample day.ndjson | clearctl registry send
  clearctl registry sample day.ndjson --providers | clearctl registry send
  clearctl publish day.ndjson --wait`,
	}
	c.Flags().BoolVar(&hospitals, "providers", false, a.say("写出医疗机构的登记", "write the register of the hospitals"))
	return a.command(c, cobra.MaximumNArgs(1), func(_ *cobra.Command, args []string) error {
		file := "-"
		if len(args) == 1 {
			file = args[0]
		}
		data, err := a.readFile(file)
		if err != nil {
			return err
		}
		messages, err := readMessages(data)
		if err != nil {
			return err
		}
		var claims []sim.Message
		for _, m := range messages {
			claims = append(claims, sim.Message{Subject: m.subject, Body: m.body})
		}
		documents := sim.Registry
		if hospitals {
			documents = sim.Providers
		}
		for _, d := range documents(claims) {
			if _, err := fmt.Fprintf(a.out, "%s\n", d.Body); err != nil {
				return err
			}
		}
		return nil
	})
}
