package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"clearingd/provinces/bus"
)

// defaultURL is where clearingd's broker listens unless it is told otherwise.
const defaultURL = "nats://127.0.0.1:4222"

// app is one run of clearctl: its streams and what the global flags say.
type app struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	now      func() time.Time

	lang     language
	url      string
	login    bus.Login
	output   string // "table" or "json"
	progress bool
	timeout  time.Duration
}

// run runs the command line of the process.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv, now: time.Now}
	return a.run(ctx, os.Args[1:])
}

// run runs one command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	a.lang = pickLanguage(args, a.getenv)
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	return a.exit(ctx, root.ExecuteContext(ctx))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "clearctl",
		Short: a.say("跨省异地就医清算工具", "the tool of the clearing house for cross-province medical bills"),
		Long: a.say(`跨省异地就医清算工具。clearctl 通过 NATS 与运行中的 clearingd 通信：发布结算报文、查询答复与账目、日切、下载日报；
也可离线校验账本与待遇政策文件、生成演示样例。`,
			`clearctl talks to a running clearingd over NATS: it publishes claims, shows answers and
books, closes the business day and fetches its report. Without a daemon it checks books
and benefit plans and builds samples.`) + "\n\n" + a.exitCodesHelp(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.url, "nats", orDefault(a.getenv("CLEARCTL_NATS"), defaultURL),
		a.say("clearingd 的 NATS 地址（环境变量 CLEARCTL_NATS）", "address of clearingd's broker (environment: CLEARCTL_NATS)"))
	flags.StringVar(&a.login.Credentials, "creds", a.getenv("CLEARCTL_CREDS"),
		a.say("NATS 凭证文件（环境变量 CLEARCTL_CREDS）", "file with NATS credentials (environment: CLEARCTL_CREDS)"))
	flags.StringVar(&a.login.NKey, "nkey", a.getenv("CLEARCTL_NKEY"),
		a.say("NATS nkey 种子文件（环境变量 CLEARCTL_NKEY）", "file with an nkey seed (environment: CLEARCTL_NKEY)"))
	flags.StringVar(&a.login.User, "user", a.getenv("CLEARCTL_USER"),
		a.say("NATS 用户名（环境变量 CLEARCTL_USER）", "NATS user, with --password-file (environment: CLEARCTL_USER)"))
	flags.StringVar(&a.login.Password, "password-file", a.getenv("CLEARCTL_PASSWORD_FILE"),
		a.say("内含该用户口令的文件（环境变量 CLEARCTL_PASSWORD_FILE）", "file with the user's password (environment: CLEARCTL_PASSWORD_FILE)"))
	flags.StringVarP(&a.output, "output", "o", "table", a.say("输出格式：table 或 json", "output: table or json"))
	flags.String("lang", string(a.lang), a.say("语言：zh 或 en（默认取自 LANG）", "language: zh or en (default from LANG)"))
	flags.BoolVar(&a.progress, "progress", false, a.say("即使不在终端也显示进度", "show progress even when standard error is no terminal"))
	flags.DurationVar(&a.timeout, "timeout", time.Minute, a.say("最长等待时间", "longest time to wait"))

	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return a.checkFlags(c) }
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(err.Error(), err.Error()) })
	root.AddCommand(
		a.publishCommand(), a.answerCommand(), a.estimateCommand(),
		a.claimCommand(), a.personCommand(), a.refoldsCommand(), a.balancesCommand(),
		a.daysCommand(), a.closeCommand(), a.reportCommand(), a.summaryCommand(),
		a.statusCommand(), a.checkCommand(), a.planCommand(), a.sampleCommand(), a.versionCommand(),
		a.copyCommand(), a.labCommand(),
		a.redoCommand(),
		a.registryCommand(),
		a.lookCommand(), a.breaksCommand(), a.proposalCommand(), a.deductionCommand(), a.confirmCommand(), a.inquiryCommand(), a.ticketCommand(),
		a.statementCommand(), a.reconcileCommand(),
	)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Short = a.say("查看任一命令的说明", c.Short)
		case "completion":
			c.Short = a.say("生成命令行自动补全脚本", c.Short)
		}
	}
	root.SetUsageTemplate(a.usageTemplate(root.UsageTemplate()))
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"zh", "en"}, cobra.ShellCompDirectiveNoFileComp))
	return root
}

func (a *app) checkFlags(c *cobra.Command) error {
	if a.output != "table" && a.output != "json" {
		return usageError("-o 只能是 table 或 json，不能是 "+a.output, "-o is table or json, not "+a.output)
	}
	if lang, _ := c.Flags().GetString("lang"); lang != "zh" && lang != "en" {
		return usageError("--lang 只能是 zh 或 en，不能是 "+lang, "--lang is zh or en, not "+lang)
	}
	if a.timeout <= 0 {
		return usageError("--timeout 必须大于零", "--timeout must be above zero")
	}
	return nil
}

// connect connects to the broker of the daemon; a broker that is not there is told at
// once, not after the whole of --timeout. The caller closes the connection.
func (a *app) connect(ctx context.Context) (*bus.Bus, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b, err := bus.Connect(context.WithoutCancel(ctx), bus.ConnectOptions{URL: a.url, Name: "clearctl", Login: a.login})
	if errors.Is(err, bus.ErrLogin) {
		return nil, usageError("登录参数不可用："+err.Error(), err.Error())
	}
	if err != nil {
		return nil, unreachable(a.url, err)
	}
	return b, nil
}

// bounded gives ctx the time of --timeout.
func (a *app) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, a.timeout)
}

// command fills in what all subcommands share: arguments that do not fit are a usage
// error with the command's own usage line.
func (a *app) command(c *cobra.Command, args cobra.PositionalArgs, runE func(*cobra.Command, []string) error) *cobra.Command {
	c.Args = func(c *cobra.Command, given []string) error {
		if err := args(c, given); err != nil {
			return usageError("参数不对："+err.Error()+"\n用法："+c.UseLine(), err.Error()+"\nusage: "+c.UseLine())
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, given []string) error { return ran(runE(c, given)) }
	c.Example = strings.Trim(c.Example, "\n")
	return c
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
