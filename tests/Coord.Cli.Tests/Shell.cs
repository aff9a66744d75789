using System.Text;
using Spectre.Console;

namespace Coord.Cli.Tests;

/// <summary>Runs command lines in this process, and keeps what they print.</summary>
internal sealed class Shell
{
    private readonly MemoryStream _output = new();
    private readonly StringWriter _errors = new();

    public string Input { get; set; } = "";

    public bool IsInteractive { get; set; }

    public Dictionary<string, string> Variables { get; } = [];

    public string Output => Encoding.UTF8.GetString(_output.ToArray());

    public string Errors => _errors.ToString();

    public async Task<int> RunAsync(params string[] words)
    {
        _output.SetLength(0);
        _errors.GetStringBuilder().Clear();
        using StringReader input = new(Input);
        await using StreamWriter text = new(_output, leaveOpen: true) { AutoFlush = true };
        IAnsiConsole console = AnsiConsole.Create(new()
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 200;
        Terminal terminal = new(
            _output, _errors, input, IsInteractive, console, name => Variables.GetValueOrDefault(name));
        return await CommandTree.RunAsync(words, terminal, CancellationToken.None);
    }
}
