using Coord.Cli.Output;

namespace Coord.Cli.Tests;

/// <summary>Mistakes on the command line are told without a server, with what to do, and end with 2.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("get")]
    [InlineData("bogus")]
    [InlineData("get", "a", "--bogus")]
    [InlineData("put", "a", "-v")]
    [InlineData("get", "a", "--limit", "many")]
    [InlineData("get", "")]
    [InlineData("get", "a", "b", "--prefix")]
    [InlineData("get", "a", "--prefix", "--from-key")]
    [InlineData("get", "a", "--order", "SIDEWAYS")]
    [InlineData("get", "a", "--sort-by", "SIZE")]
    [InlineData("get", "a", "--consistency", "x")]
    [InlineData("get", "a", "-w", "xml")]
    [InlineData("get", "a", "--command-timeout", "soon")]
    [InlineData("get", "a", "--endpoints", "ftp://x")]
    [InlineData("get", "a", "--key", "key.pem")]
    [InlineData("put", "a", "b", "--lease", "zz")]
    [InlineData("lease", "revoke", "xyz")]
    [InlineData("member", "remove", "n1")]
    [InlineData("member", "add", "x", "--peer-urls", "bad")]
    [InlineData("member", "add", "x")]
    [InlineData("elect", "e")]
    [InlineData("watch")]
    [InlineData("watch", "a", "b", "--prefix")]
    [InlineData("check", "perf", "--load", "huge")]
    [InlineData("check", "datascale", "--load", "huge")]
    [InlineData("check", "perf", "--prefix", "")]
    [InlineData("make-mirror")]
    [InlineData("make-mirror", "127.0.0.1:1", "--dest-prefix", "a", "--no-dest-prefix")]
    [InlineData("defrag", "--data-dir", "/nowhere/at/all")]
    [InlineData("snapshot", "restore", "file", "--initial-cluster", "a=http://h:1")]
    public async Task A_command_line_that_makes_no_sense_ends_with_2_and_says_where_help_is(params string[] words)
    {
        Shell shell = new();
        Assert.Equal(2, await shell.RunAsync(words));
        Assert.StartsWith("Error: ", shell.Errors, StringComparison.Ordinal);
        Assert.Contains("--help", shell.Errors, StringComparison.Ordinal);
        Assert.Empty(shell.Output);
    }

    [Fact]
    public async Task A_server_that_is_not_there_ends_with_1_and_says_what_to_check()
    {
        Shell shell = new();
        int code = await shell.RunAsync("get", "a", "--endpoints", "127.0.0.1:1", "--command-timeout", "50ms");
        Assert.Equal(1, code);
        Assert.Contains("127.0.0.1:1", shell.Errors, StringComparison.Ordinal);
        Assert.Contains("--endpoints", shell.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ETCDCTL_ENDPOINTS")]
    [InlineData("COORDCTL_ENDPOINTS")]
    public async Task Flags_can_come_from_the_environment(string variable)
    {
        Shell shell = new() { Variables = { [variable] = "127.0.0.1:2" } };
        Assert.Equal(1, await shell.RunAsync("get", "a", "--command-timeout=50ms"));
        Assert.Contains("127.0.0.1:2", shell.Errors, StringComparison.Ordinal);
        Assert.Equal(1, await shell.RunAsync("get", "a", "--command-timeout=50ms", "--endpoints=127.0.0.1:3"));
        Assert.Contains("127.0.0.1:3", shell.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_to_watch_is_given_once()
    {
        Shell shell = new() { Variables = { ["ETCDCTL_WATCH_KEY"] = "a" } };
        Assert.Equal(2, await shell.RunAsync("watch", "b"));
        Assert.Contains("WATCH_KEY", shell.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_typed_line_that_makes_no_sense_is_told_and_the_next_one_read()
    {
        Shell shell = new() { Input = "bogus\nwatch\nwatch a --bogus\nwatch a b --prefix\n" };
        Assert.Equal(0, await shell.RunAsync("watch", "-i"));
        Assert.Equal(4, shell.Errors.Split("Error: ").Length - 1);
    }

    [Theory]
    [InlineData("5s", 5)]
    [InlineData("100ms", 0.1)]
    [InlineData("1m30s", 90)]
    [InlineData("1.5h", 5400)]
    public void Durations_are_written_as_in_Go(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), GlobalOptions.ParseDuration(text, "--x"));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5 s")]
    [InlineData("5d")]
    public void Other_durations_are_refused(string text) =>
        Assert.Throws<UsageException>(() => GlobalOptions.ParseDuration(text, "--x"));

    [Fact]
    public async Task The_version_needs_no_server_and_comes_in_every_form()
    {
        Shell shell = new();
        Assert.Equal(0, await shell.RunAsync("version"));
        Assert.StartsWith("coordctl version: ", shell.Output, StringComparison.Ordinal);
        Assert.Equal(0, await shell.RunAsync("version", "-w", "json"));
        Assert.StartsWith("{\"coordctl\":", shell.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Quotation_escapes_what_would_break_a_line() =>
        Assert.Equal("\"a\\\"\\\\\\n\\x01é\"", Printer.Quoted("a\"\\\n\u0001é"u8.ToArray()));
}
