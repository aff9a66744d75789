using System.Text;
using OsProcess = System.Diagnostics.Process;

namespace Coord.Testing;

/// <summary>A program that Coord is held against. Its output is kept, and it never outlives the test.</summary>
internal sealed class PeerProcess : IDisposable
{
    private readonly StringBuilder _output = new();
    private readonly OsProcess _process;

    private PeerProcess(OsProcess process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        AppDomain.CurrentDomain.ProcessExit += OnTestsEnd;
    }

    public static PeerProcess Start(string program, params string[] arguments)
    {
        PeerProcess peer = new(new OsProcess { StartInfo = EtcdTool.StartInfo(program, arguments) });
        peer._process.Start();
        peer._process.BeginOutputReadLine();
        peer._process.BeginErrorReadLine();
        return peer;
    }

    /// <summary>Waits until it answers with success at a path.</summary>
    public async Task AnswersAsync(string url)
    {
        using HttpClient http = new();
        await Eventually.IsTrueAsync($"{url} answers.", async () =>
        {
            Assert.False(_process.HasExited, $"It has ended:\n{Transcript()}");
            try
            {
                return (await http.GetAsync(new Uri(url))).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    public string Transcript()
    {
        lock (_output)
            return _output.ToString();
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnTestsEnd;
        OnTestsEnd(null, EventArgs.Empty);
        _process.Dispose();
    }

    private void OnTestsEnd(object? sender, EventArgs e)
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
    }

    private void Append(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
    }
}
