namespace SiamIlgpu.Tests;

/// <summary>One skipped line for each group of tests that was left out. Its name says what is missing, and what brings it.</summary>
internal sealed class NeedsTests
{
    private static readonly TestCaseData[] Groups =
    [
        Group(
            "The data folder", "tests of real video and of the authors' networks",
            "put what CONTRIBUTING.md lists into a folder, and set SIAMILGPU_DATA to it", Need.SharedData),
        Group("An OpenCL device", "tests of OpenCL", "apt-get install pocl-opencl-icd ocl-icd-libopencl1", Need.OpenCl),
        Group(
            "ffmpeg", "tests of video files", "apt-get install ffmpeg, brew install ffmpeg, or winget install ffmpeg",
            Need.Ffmpeg, Need.Ffprobe),
        Group("A browser", "tests of the web pages", "apt-get install chromium", Need.Browser),
        Group(
            "A reference program", "tests that compare with djpeg, cjpeg and pngtopnm or compile C",
            "apt-get install libjpeg-turbo-progs netpbm gcc libc6-dev", Need.Djpeg, Need.Cjpeg, Need.Pngtopnm, Need.Cc),
        SlowTests(),
    ];

    [TestCaseSource(nameof(Groups))]
    public void Need_IsMet(string what, Need[] needs) => Assert.That(needs.Where(Needs.Fail), Is.Empty, what);

    private static TestCaseData Group(string what, string tests, string remedy, params Need[] needs)
    {
        TestCaseData data = new(what, needs);
        return needs.All(Needs.AreMet) || needs.Any(Needs.Fail)
            ? data.SetArgDisplayNames(what)
            : LeftOut(data, $"{what} is missing, so the {tests} were left out. To run them: {remedy}");
    }

    private static TestCaseData SlowTests()
    {
        TestCaseData data = new("Slow tests", Array.Empty<Need>());
        return Needs.InCi
            ? data.SetArgDisplayNames("Slow tests")
            : LeftOut(data, "Slow tests were left out. To run all tests: CI=true dotnet test -c Release");
    }

    // The console prints the names of skipped tests, but not why they were skipped.
    private static TestCaseData LeftOut(TestCaseData data, string message) => data.SetName(message).Ignore(message);
}
