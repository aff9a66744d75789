using Coord.Scheduling.UnitFiles;

namespace Coord.Scheduling.Tests.UnitFiles;

/// <summary>Unit files as text: what systemd and fleet write is read, and nothing makes the parser throw.</summary>
public sealed class UnitFileTests
{
    private const string Example = """
        # The example of the article
        [Unit]
        Description=MyApp
        After=docker.service
        ; another comment
        [Service]
        ExecStart=/usr/bin/docker run \
          --name busybox1 \
          # in the middle
          busybox
        Environment=A=1
        Environment=B=2

        [X-Fleet]
        MachineMetadata="region=us-east-1" "disk=ssd"
        """;

    [Fact]
    public void Repeated_options_append_and_continued_lines_are_joined()
    {
        UnitFile file = Parse(Example);
        Assert.Equal(["A=1", "B=2"], file.Values("Service", "Environment"));
        Assert.Equal("/usr/bin/docker run --name busybox1 busybox", file.Last("Service", "ExecStart"));
        Assert.Equal("MyApp", file.Last("Unit", "Description"));
        Assert.Null(file.Last("Unit", "ExecStart"));
        Assert.Equal(6, file.Options.Count);
    }

    [Fact]
    public void An_empty_value_takes_back_those_before_it() =>
        Assert.Equal(["c"], Parse("[S]\nA=a\nA=b\nA=\nA=c").Values("S", "A"));

    [Fact]
    public void What_is_written_reads_as_the_same()
    {
        UnitFile file = Parse(Example);
        UnitFile again = Parse(file.ToString());
        Assert.Equal(file.Options, again.Options);
        Assert.Equal(file.ToString(), again.ToString());
        Assert.Equal(file.Hash(), again.Hash());
    }

    /// <summary>The hash that fleet shows, computed with sha1sum over the text that fleet writes.</summary>
    [Fact]
    public void The_hash_is_the_sha1_of_the_text()
    {
        UnitFile file = Parse("[Service]\r\nExecStart=/usr/bin/sleep 3000\r\n");
        Assert.Equal("[Service]\nExecStart=/usr/bin/sleep 3000\n", file.ToString());
        Assert.Equal("248b997d6becee1b835b7ec7d9c8e68d7dd24623", file.Hash());
    }

    [Theory]
    [InlineData("A=b", 1)]
    [InlineData("[S]\nA", 2)]
    [InlineData("[S]\n=b", 2)]
    [InlineData("[S", 1)]
    [InlineData("[]", 1)]
    [InlineData("\n\n[S] x", 3)]
    [InlineData("[S]\nA=\\\n\n[]", 4)]
    [InlineData("[S]\nA=a\0b", 2)]
    [InlineData("[S]\nA=a\\\nb\0", 2)]
    public void An_error_says_in_which_line(string text, int line)
    {
        Assert.False(UnitFile.TryParse(text, out _, out UnitFileError? error));
        Assert.Equal(line, error.Line);
        Assert.StartsWith($"line {line}: ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_bounded_in_characters_and_options()
    {
        Assert.False(UnitFile.TryParse(new string('#', UnitFile.MaxLength + 1), out _, out _));
        string options = string.Concat(Enumerable.Repeat("A=b\n", UnitFile.MaxOptions));
        Assert.True(UnitFile.TryParse("[S]\n" + options, out _, out _));
        Assert.False(UnitFile.TryParse("[S]\n" + options + "A=b", out _, out _));
        Assert.False(UnitFile.TryParse($"[{new string('S', UnitFile.MaxNameLength + 1)}]", out _, out _));
    }

    [Fact]
    public void Options_from_elsewhere_must_be_what_a_file_can_have()
    {
        UnitOption[] good = [new("S", "A", "b"), new("T", "C", ""), new("S", "D", "e")];
        Assert.True(UnitFile.TryCreate(good, out UnitFile? file, out _));
        Assert.Equal("[S]\nA=b\nD=e\n\n[T]\nC=\n", file.ToString());
        UnitOption[] bad =
        [
            new("S]", "A", "b"), new("", "A", "b"), new("S", "A=", "b"), new("S", "#A", "b"), new("S", "", "b"),
            new("S", "A", "b\nC=d"), new("S", "A", " b"), new("S", "A", "b\\"), new("S", "A", "b\0"),
            new("S", "[A", "b]"), new("S", "A", null!),
        ];
        Assert.All(bad, option => Assert.False(UnitFile.TryCreate([option], out _, out _), option.ToString()));
    }

    private static UnitFile Parse(string text)
    {
        Assert.True(UnitFile.TryParse(text, out UnitFile? file, out UnitFileError? error), error?.ToString());
        return file;
    }
}
